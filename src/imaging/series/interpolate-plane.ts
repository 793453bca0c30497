import type { Slice } from '../dicom/slice.ts';
import { decodeFrame } from '../dicom/stored-pixels.ts';
import { rescaleInto } from './rescale.ts';
import type { PlaneSource, VolumePlan } from './volume-plan.ts';

/** Of a voxel's weight, at least this much must come from the acquired image; it is padding otherwise. */
const LEAST_INSIDE = 0.5;
const ROUNDING = 1e-9;

/** Weighted sums of one output plane, and the weights that came from inside the acquired image. */
interface Sums {
  readonly columns: number;
  readonly rows: number;
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/**
 * One plane mixed from shifted slices: bilinear within a slice, linear between slices.
 *
 * Padding and places outside a slice carry no weight. A voxel of which they make up more than half becomes padding itself.
 */
export function interpolatePlane(
  plan: VolumePlan,
  sources: readonly PlaneSource[],
  out: Int16Array | Float32Array,
): void {
  const [columns, rows] = plan.geometry.sizeIjk;
  const area = columns * rows;
  const sums = { columns, rows, values: new Float64Array(area), weights: new Float64Array(area) };
  for (const source of sources) addSource(sums, plan, source);
  finish(sums, fillOf(plan), out);
}

function finish({ values, weights }: Sums, fill: number, out: Int16Array | Float32Array): void {
  const { length } = values;
  for (let at = 0; at < length; at++) {
    const weight = weights[at] as number;
    if (weight < LEAST_INSIDE - ROUNDING) values[at] = fill;
    else if (weight !== 1) values[at] = (values[at] as number) / weight;
  }
  if (out instanceof Float32Array) out.set(values);
  else for (let at = 0; at < length; at++) out[at] = Math.floor((values[at] as number) + 0.5);
}

/** Real-world value of voxels outside every acquired slice. */
function fillOf({ fill, padding }: VolumePlan): number {
  if (fill === 'minimum') throw new Error('settlePlan gives the plan its fill value before it is rendered');
  return fill ?? padding?.low ?? 0;
}

function addSource(sums: Sums, plan: VolumePlan, { slice: index, weight, shiftPx }: PlaneSource): void {
  const slice = plan.slices[index] as Slice;
  const values = new Float64Array(slice.columns * slice.rows);
  rescaleInto(values, decodeFrame(slice.encoded), slice.rescale);
  const inside = insideOf(values, plan.padding);
  for (const [left, leftWeight] of taps(shiftPx[0])) {
    for (const [top, topWeight] of taps(shiftPx[1])) {
      addShifted(sums, { values, inside, slice, left, top, weight: weight * leftWeight * topWeight });
    }
  }
}

/** The two whole shifts about a shift, with their shares; one when it is whole. */
function taps(shift: number): readonly (readonly [number, number])[] {
  const whole = Math.floor(shift);
  const part = shift - whole;
  if (part === 0) return [[whole, 1]];
  return [
    [whole, 1 - part],
    [whole + 1, part],
  ];
}

/** 1 where a value counts, 0 where it is padding. */
function insideOf(values: Float64Array, padding: VolumePlan['padding']): Uint8Array {
  const inside = new Uint8Array(values.length).fill(1);
  if (padding === undefined) return inside;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (value >= padding.low && value <= padding.high) inside[at] = 0;
  }
  return inside;
}

interface ShiftedSlice {
  readonly values: Float64Array;
  readonly inside: Uint8Array;
  readonly slice: { readonly columns: number; readonly rows: number };
  readonly left: number;
  readonly top: number;
  readonly weight: number;
}

/** Adds `weight * slice(i + left, j + top)` to every voxel (i, j) that meets the slice. */
function addShifted(sums: Sums, { values, inside, slice, left, top, weight }: ShiftedSlice): void {
  const { values: totals, weights } = sums;
  const from = Math.max(0, -left);
  const to = Math.min(sums.columns, slice.columns - left);
  for (let j = Math.max(0, -top); j < Math.min(sums.rows, slice.rows - top); j++) {
    const source = (j + top) * slice.columns + left;
    const target = j * sums.columns;
    for (let i = from; i < to; i++) {
      const share = weight * (inside[source + i] as number);
      totals[target + i] = (totals[target + i] as number) + share * (values[source + i] as number);
      weights[target + i] = (weights[target + i] as number) + share;
    }
  }
}
