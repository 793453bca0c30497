import { PipelineError } from '../../contracts/errors.ts';
import type { SliceHeader } from '../dicom/slice.ts';
import { planeAxes } from '../geometry/right-angles.ts';
import { add, dot, fromColumns, scale } from '../geometry/vector.ts';
import { createGeometry } from '../geometry/volume-geometry.ts';
import { extentOf } from './extent.ts';
import type { SliceSpacing } from './slice-spacing.ts';
import type { MeasuredStack, StackGrid } from './stack-grid.ts';
import type { IrregularityRecord, PlaneRecipe, PlaneSource } from './volume-plan.ts';

/** A plane this near a slice, in planes, is the slice; a shift this near a whole pixel is whole. */
const COINCIDES = 1e-3;

/** More than any scanner makes; a stray position far away would ask for more. */
const MAX_PLANES = 16_384;

type Shift = readonly [columns: number, rows: number];

/**
 * Puts an irregular stack on an upright, evenly spaced grid.
 *
 * In-plane axes and spacing are kept and k runs along the slice normal. Planes between two slices are mixed linearly from
 * them; slices that a tilt shifts sideways are read at the shifted place. The field of view grows by whole pixels until it
 * holds every slice.
 */
export function resampleStack(stack: MeasuredStack): StackGrid {
  const { ordered, spacing, tilt } = stack;
  const first = ordered.slices[0] as SliceHeader;
  const [rowGap, columnGap] = first.pixelSpacingMm;
  const [row, columnAxis] = planeAxes(first.rowCosinesLps, first.columnCosinesLps);
  const places: Shift[] = ordered.sidewaysLps.map((offset) =>
    tilt.tilted ? [snap(dot(offset, row) / columnGap), snap(dot(offset, columnAxis) / rowGap)] : [0, 0],
  );
  const frame = fieldOfView(places, [first.columns, first.rows]);
  const positions = spacing.positions.map(snap);
  const count = Math.round(positions.at(-1) ?? 0) + 1;
  if (!(count <= MAX_PLANES)) throw tooManyPlanes(count, spacing);
  const planes = Array.from({ length: count }, (_, k) => mixPlane(k, positions, places, frame.low));
  const [left, top] = frame.low;
  const originLps = add(
    first.positionLps,
    add(scale(row, left * columnGap), scale(columnAxis, top * rowGap)),
  );
  return {
    geometry: createGeometry({
      sizeIjk: [...frame.size, planes.length],
      spacingMm: [columnGap, rowGap, spacing.gapMm],
      originLps,
      directionLps: fromColumns(row, columnAxis, ordered.normalLps),
    }),
    planes,
    positions,
    irregularity: recordOf(stack, positions, planes.length),
    reachesOutside: tilt.tilted,
  };
}

/** Sources of plane k: one slice that lies on it, or its two neighbours by their distance. */
function mixPlane(
  k: number,
  positions: readonly number[],
  places: readonly Shift[],
  low: Shift,
): PlaneRecipe {
  const source = (slice: number, weight: number): PlaneSource => {
    const [column, row] = places[slice] ?? [0, 0];
    return { slice, weight, shiftPx: [low[0] - column, low[1] - row] };
  };
  const above = positions.findIndex((position) => position >= k - COINCIDES);
  const [lower, upper] = [positions[above - 1] ?? k, positions[above] ?? k];
  if (Math.abs(upper - k) <= COINCIDES) return { sources: [source(above, 1)] };
  const weight = (k - lower) / (upper - lower);
  return { sources: [source(above - 1, 1 - weight), source(above, weight)] };
}

/** The smallest rectangle of whole pixels of the first slice that holds all slices. */
function fieldOfView(places: readonly Shift[], size: readonly [number, number]) {
  const bounds = ([0, 1] as const).map((axis) => {
    const [least, largest] = extentOf(places.map((place) => place[axis]));
    return [Math.floor(least), Math.ceil(largest)] as const;
  });
  const [[left, right] = [0, 0], [top, bottom] = [0, 0]] = bounds;
  return {
    low: [left, top] as const,
    size: [size[0] + right - left, size[1] + bottom - top] as const,
  };
}

function recordOf(
  { spacing, tilt }: MeasuredStack,
  positions: readonly number[],
  planes: number,
): IrregularityRecord {
  const acquired = new Set(positions.filter(Number.isInteger));
  const synthesisedPlanes = Array.from({ length: planes }, (_, k) => k).filter((k) => !acquired.has(k));
  const tiltRule = `a gantry tilt of ${tilt.degrees.toFixed(2)} degrees was undone by shifting slices in their plane`;
  const gapRule =
    `gaps of ${spacing.gapRangeMm.map((gap) => gap.toFixed(3)).join(' to ')} mm were put on planes ` +
    `${spacing.gapMm.toFixed(3)} mm apart, ${synthesisedPlanes.length} of ${planes} mixed linearly from the two nearest slices`;
  return {
    kinds: [
      ...(tilt.tilted ? (['gantry-tilt'] as const) : []),
      ...(spacing.pattern === 'even' ? [] : [spacing.pattern]),
    ],
    policy: 'resample',
    tiltDegrees: tilt.degrees,
    gapRangeMm: spacing.gapRangeMm,
    synthesisedPlanes,
    rule: [...(tilt.tilted ? [tiltRule] : []), ...(spacing.pattern === 'even' ? [] : [gapRule])].join('; '),
  };
}

function tooManyPlanes(planes: number, { gapMm, gapRangeMm }: SliceSpacing): PipelineError {
  return new PipelineError(
    'VolumeTooLarge',
    `slices up to ${gapRangeMm[1]} mm apart would need ${planes} planes ${gapMm} mm apart, at most ${MAX_PLANES} are ` +
      'allowed; leave out the image that lies far from the others',
    { planes, allowed: MAX_PLANES, gapMm, gapRangeMm },
  );
}

function snap(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) <= COINCIDES ? whole + 0 : value;
}
