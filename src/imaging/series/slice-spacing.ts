import { PipelineError } from '../../contracts/errors.ts';
import type { SliceHeader } from '../dicom/slice.ts';
import { extentOf } from './extent.ts';
import type { OrderedSlices } from './slice-order.ts';

/** A gap may differ from the typical gap by this share, or by the rounding of positions in files. */
const GAP_TOLERANCE = 0.01;
const POSITION_ROUNDING_MM = 0.01;
/** Two slices nearer than this are in one place. */
const SAME_PLACE_MM = 1e-4;
/** How many planes for each acquired slice the smallest gap may ask for before the median gap is taken instead. */
const MOST_PLANES_PER_SLICE = 4;

/** How slices lie along the normal. */
export interface SliceSpacing {
  readonly pattern: 'even' | 'missing-slices' | 'uneven-spacing';
  /** Distance of neighbouring planes of an even grid through the first and the last slice, mm. */
  readonly gapMm: number;
  /** Plane of each slice on that grid, from 0; whole numbers unless the spacing is uneven. */
  readonly positions: readonly number[];
  /** Smallest and largest distance of neighbouring slices, mm. */
  readonly gapRangeMm: readonly [number, number];
  /** The first gap that differs from the median gap, for a person; absent when the pattern is even. */
  readonly oddGap?: { readonly after: number; readonly gapMm: number; readonly medianGapMm: number };
}

/**
 * Finds the even grid that slices lie on, or the nearest one.
 *
 * A single slice takes SpacingBetweenSlices or SliceThickness as its gap. Gaps that are whole multiples of the median
 * gap, or of the smallest one, mean missing slices: every acquired slice then lies on a plane. Other gaps are uneven: the
 * grid has the whole number of planes between the first and the last slice whose distance is nearest the median gap.
 *
 * @throws TooFewSlices, DuplicateSlicePosition
 */
export function measureSpacing({ slices, distancesMm }: OrderedSlices<SliceHeader>): SliceSpacing {
  if (slices.length === 1) return loneSlice(slices[0] as SliceHeader);
  const gaps = gapsOf(distancesMm);
  const medianGapMm = median(gaps);
  const duplicate = gaps.findIndex((gap) => gap <= Math.max(SAME_PLACE_MM, medianGapMm * GAP_TOLERANCE));
  if (duplicate >= 0) throw duplicatePosition(slices, duplicate, gaps[duplicate] ?? 0);
  const gapRangeMm = extentOf(gaps);
  const even = gridOfSteps(
    distancesMm,
    gaps.map(() => 1),
  );
  if (even !== undefined) return { pattern: 'even', ...even, gapRangeMm };
  const after = oddGapIndex(gaps, medianGapMm);
  const oddGap = { after, gapMm: gaps[after] ?? 0, medianGapMm };
  for (const unit of [medianGapMm, gapRangeMm[0]]) {
    const missing = gridOfMultiples(distancesMm, gaps, unit);
    if (missing !== undefined) return { pattern: 'missing-slices', ...missing, gapRangeMm, oddGap };
  }
  return { pattern: 'uneven-spacing', ...nearestGrid(distancesMm, medianGapMm), gapRangeMm, oddGap };
}

/** Slices of one orientation, gathered by their place along the normal, first place first. */
export function gatherByPlace<S extends SliceHeader>({ slices, distancesMm }: OrderedSlices<S>): S[][] {
  const apart = gapsOf(distancesMm).filter((gap) => gap > SAME_PLACE_MM);
  const tolerance = Math.max(SAME_PLACE_MM, median(apart) * GAP_TOLERANCE);
  const places: S[][] = [];
  let lastMm = Number.NEGATIVE_INFINITY;
  slices.forEach((slice, index) => {
    const distanceMm = distancesMm[index] ?? 0;
    if (distanceMm - lastMm > tolerance) {
      places.push([]);
      lastMm = distanceMm;
    }
    places.at(-1)?.push(slice);
  });
  return places;
}

type Grid = Pick<SliceSpacing, 'gapMm' | 'positions'>;

function gridOfMultiples(
  distancesMm: readonly number[],
  gaps: readonly number[],
  unitMm: number,
): Grid | undefined {
  const steps = gaps.map((gap) => Math.round(gap / unitMm));
  const planes = steps.reduce((sum, step) => sum + step, 1);
  const smallestUnit = unitMm < median(gaps);
  if (smallestUnit && planes > MOST_PLANES_PER_SLICE * distancesMm.length) return undefined;
  return steps.includes(0) ? undefined : gridOfSteps(distancesMm, steps);
}

/** The grid on which each gap is the given number of steps; undefined when the slices do not lie on it. */
function gridOfSteps(distancesMm: readonly number[], steps: readonly number[]): Grid | undefined {
  const positions = [0];
  for (const step of steps) positions.push((positions.at(-1) ?? 0) + step);
  const gapMm = (distancesMm.at(-1) ?? 0) / (positions.at(-1) ?? 1);
  const allowed = Math.max(gapMm * GAP_TOLERANCE, POSITION_ROUNDING_MM);
  const gapsFit = gapsOf(distancesMm).every(
    (gap, index) => Math.abs(gap - (steps[index] ?? 1) * gapMm) <= allowed,
  );
  // Small errors of one sign add up over many slices, so each slice is also held to its place on the even grid.
  const placesFit = distancesMm.every(
    (distance, index) => Math.abs(distance - (positions[index] ?? 0) * gapMm) <= gapMm / 10,
  );
  return gapsFit && placesFit ? { gapMm, positions } : undefined;
}

function nearestGrid(distancesMm: readonly number[], medianGapMm: number): Grid {
  const height = distancesMm.at(-1) ?? 0;
  const gapMm = height / Math.max(1, Math.round(height / medianGapMm));
  return { gapMm, positions: distancesMm.map((distance) => distance / gapMm) };
}

function loneSlice({ spacingBetweenSlicesMm, sliceThicknessMm }: SliceHeader): SliceSpacing {
  const gapMm = [spacingBetweenSlicesMm, sliceThicknessMm].find((value) => value !== undefined && value > 0);
  if (gapMm !== undefined) return { pattern: 'even', gapMm, positions: [0], gapRangeMm: [gapMm, gapMm] };
  throw new PipelineError(
    'TooFewSlices',
    'the series has one slice and states neither SpacingBetweenSlices (0018,0088) nor SliceThickness (0018,0050), ' +
      'so its voxels have no depth; add the other slices or export it with its thickness',
    { slices: 1 },
  );
}

function gapsOf(distancesMm: readonly number[]): number[] {
  return distancesMm.slice(1).map((distance, index) => distance - (distancesMm[index] ?? 0));
}

function oddGapIndex(gaps: readonly number[], medianGapMm: number): number {
  const deviations = gaps.map((gap) => Math.abs(gap - medianGapMm));
  return deviations.indexOf(extentOf(deviations)[1]);
}

function duplicatePosition(slices: readonly SliceHeader[], k: number, gapMm: number): PipelineError {
  const uids = [slices[k]?.sopInstanceUid, slices[k + 1]?.sopInstanceUid];
  return new PipelineError(
    'DuplicateSlicePosition',
    `slices ${k} and ${k + 1} (SOP instances ${uids.join(' and ')}) lie ${gapMm.toFixed(4)} mm apart, in one place, ` +
      'and no attribute tells all images at one place apart as echoes or phases; ' +
      'the series holds a slice twice, or several series in one: export them separately',
    { k, gapMm, sopInstanceUids: uids },
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
