import { PipelineError } from '../../contracts/errors.ts';
import type { SliceHeader } from '../dicom/slice.ts';
import { cross, dot, norm, normalise, scale, subtract, type Vec3 } from '../geometry/vector.ts';

/** Largest deviation of a cosine's length from 1 and of the two cosines' dot product from 0. */
const ORTHOGONALITY_TOLERANCE = 1e-3;
/** A gap may differ from the median gap by this share, or by the rounding of positions in files. */
const GAP_TOLERANCE = 0.01;
const POSITION_ROUNDING_MM = 0.01;
/** Slice origins may shift sideways by this much over the whole stack before we call it a tilt. */
const SIDEWAYS_TOLERANCE_MM = 0.1;

/** Slices from the first to the last along the normal, with the distance of neighbouring centres in mm. */
export interface OrderedSlices<S extends SliceHeader> {
  readonly slices: readonly S[];
  readonly normalLps: Vec3;
  readonly gapMm: number;
}

/**
 * Orders slices by ImagePositionPatient (0020,0032) along the normal (row cosines x column cosines).
 *
 * InstanceNumber is never consulted. A single slice takes SpacingBetweenSlices or SliceThickness as its gap.
 *
 * @throws TooFewSlices, DegenerateOrientation, DuplicateSlicePosition, GantryTilt, IrregularSpacing
 */
export function orderSlices<S extends SliceHeader>(slices: readonly S[]): OrderedSlices<S> {
  const [any] = slices;
  if (any === undefined) {
    throw new PipelineError(
      'TooFewSlices',
      'the series holds no image slice; select a series with at least one',
    );
  }
  const normalLps = sliceNormal(any);
  const placed = slices
    .map((slice) => ({ slice, distanceMm: dot(slice.positionLps, normalLps) }))
    .sort((a, b) => a.distanceMm - b.distanceMm);
  const ordered = placed.map(({ slice }) => slice);
  const gapMm = slices.length === 1 ? loneSliceGap(any) : regularGap(placed.map((entry) => entry.distanceMm));
  requireStraightStack(ordered, normalLps);
  return { slices: ordered, normalLps, gapMm };
}

function sliceNormal({ rowCosinesLps, columnCosinesLps }: SliceHeader): Vec3 {
  const lengths = [norm(rowCosinesLps), norm(columnCosinesLps)];
  const skew = dot(rowCosinesLps, columnCosinesLps);
  const unit = lengths.every((length) => Math.abs(length - 1) <= ORTHOGONALITY_TOLERANCE);
  if (!unit || Math.abs(skew) > ORTHOGONALITY_TOLERANCE) {
    throw new PipelineError(
      'DegenerateOrientation',
      `ImageOrientationPatient (0020,0037) is not two orthogonal unit vectors: lengths ${lengths.join(' and ')}, ` +
        `dot product ${skew}, tolerance ${ORTHOGONALITY_TOLERANCE}; export the series again`,
      { lengths, dotProduct: skew },
    );
  }
  return normalise(cross(rowCosinesLps, columnCosinesLps));
}

function loneSliceGap({ spacingBetweenSlicesMm, sliceThicknessMm }: SliceHeader): number {
  const gap = [spacingBetweenSlicesMm, sliceThicknessMm].find((value) => value !== undefined && value > 0);
  if (gap !== undefined) return gap;
  throw new PipelineError(
    'TooFewSlices',
    'the series has one slice and states neither SpacingBetweenSlices (0018,0088) nor SliceThickness (0018,0050), ' +
      'so its voxels have no depth; add the other slices or export it with its thickness',
    { slices: 1 },
  );
}

function regularGap(distancesMm: readonly number[]): number {
  const first = distancesMm[0] ?? 0;
  const gaps = distancesMm.slice(1).map((distance, index) => distance - (distancesMm[index] ?? 0));
  const medianGapMm = median(gaps);
  const duplicate = gaps.findIndex((gap) => gap <= Math.max(1e-4, medianGapMm * GAP_TOLERANCE));
  if (duplicate >= 0) throw duplicatePosition(duplicate, gaps[duplicate] ?? 0);
  const allowed = Math.max(medianGapMm * GAP_TOLERANCE, POSITION_ROUNDING_MM);
  const uneven = gaps.findIndex((gap) => Math.abs(gap - medianGapMm) > allowed);
  if (uneven >= 0) throw irregularSpacing(uneven, gaps[uneven] ?? 0, medianGapMm);
  const mean = ((distancesMm.at(-1) ?? 0) - first) / gaps.length;
  // Small errors of one sign add up over many slices, so each slice is also held to its place on the even grid.
  const drifting = distancesMm.findIndex((distance, k) => Math.abs(distance - first - k * mean) > mean / 10);
  if (drifting >= 0) throw irregularSpacing(drifting, gaps[drifting] ?? mean, medianGapMm);
  return mean;
}

function requireStraightStack(slices: readonly SliceHeader[], normalLps: Vec3): void {
  const [first, last] = [slices[0], slices.at(-1)];
  if (first === undefined || last === undefined) return;
  const sideways = slices.map((slice) => {
    const offset = subtract(slice.positionLps, first.positionLps);
    return norm(subtract(offset, scale(normalLps, dot(offset, normalLps))));
  });
  const sidewaysMm = Math.max(...sideways);
  if (sidewaysMm <= SIDEWAYS_TOLERANCE_MM) return;
  const heightMm = dot(subtract(last.positionLps, first.positionLps), normalLps);
  const degrees = (Math.atan2(sidewaysMm, heightMm) * 180) / Math.PI;
  throw new PipelineError(
    'GantryTilt',
    `slice origins shift sideways by ${sidewaysMm.toFixed(2)} mm over the stack (about ${degrees.toFixed(1)} degrees), ` +
      `at most ${SIDEWAYS_TOLERANCE_MM} mm is allowed; use a series without gantry tilt, or one reformatted to an upright stack`,
    { sidewaysMm, degrees, allowedMm: SIDEWAYS_TOLERANCE_MM },
  );
}

function duplicatePosition(k: number, gapMm: number): PipelineError {
  return new PipelineError(
    'DuplicateSlicePosition',
    `slices ${k} and ${k + 1} lie ${gapMm.toFixed(4)} mm apart, in one place; ` +
      'the series holds a slice twice, or several phases or echoes: select one of them',
    { k, gapMm },
  );
}

function irregularSpacing(k: number, gapMm: number, medianGapMm: number): PipelineError {
  return new PipelineError(
    'IrregularSpacing',
    `the gap of ${gapMm.toFixed(3)} mm after slice ${k} differs from the median gap of ${medianGapMm.toFixed(3)} mm ` +
      'by more than 1 %, so a slice is missing or unevenly placed; transfer the series again or export it evenly spaced',
    { k, gapMm, medianGapMm },
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
