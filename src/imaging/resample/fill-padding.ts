import type { Vec3 } from '../geometry/vector.ts';
import type { NiftiValues } from '../nifti/nifti-header.ts';
import type { PaddingRange } from './plan-image-resampling.ts';

/**
 * Slice k with padding replaced, so that a spline has no edge to swing at: by the nearest acquired value of its row,
 * in rows without any by the nearest such row, in slices without any by the nearest such slice.
 *
 * @param slice - gives a source slice, i fastest
 */
export function fillPadding(
  slice: (k: number) => NiftiValues,
  [columns, rows, slices]: Vec3,
  k: number,
  padding: PaddingRange,
  into: Float32Array,
): void {
  const source = slice(nearestAcquired(k, slices, (at) => holdsAcquired(slice(at), padding)) ?? k);
  const acquiredRows = Array.from({ length: rows }, (_, j) =>
    holdsAcquired(source.subarray(j * columns, (j + 1) * columns), padding),
  );
  for (let j = 0; j < rows; j++) {
    const from = nearestAcquired(j, rows, (at) => acquiredRows[at] === true) ?? j;
    fillRow(
      source.subarray(from * columns, (from + 1) * columns),
      padding,
      into.subarray(j * columns, (j + 1) * columns),
    );
  }
}

function holdsAcquired(values: NiftiValues, { low, high }: PaddingRange): boolean {
  for (let n = 0; n < values.length; n++) {
    const value = values[n] as number;
    if (!(value >= low && value <= high)) return true;
  }
  return false;
}

/** The position nearest to `from` that fulfils a condition; the lower of two. */
function nearestAcquired(from: number, size: number, holds: (at: number) => boolean): number | undefined {
  for (let step = 0; step < size; step++) {
    if (from - step >= 0 && holds(from - step)) return from - step;
    if (from + step < size && holds(from + step)) return from + step;
  }
  return undefined;
}

function fillRow(source: NiftiValues, { low, high }: PaddingRange, into: Float32Array): void {
  let last = -1;
  for (let n = 0; n < into.length; n++) {
    const value = source[n] as number;
    if (value >= low && value <= high) continue;
    const middle = last < 0 ? 0 : Math.floor((last + n) / 2) + 1;
    for (let hole = last + 1; hole < n; hole++) into[hole] = hole < middle ? (source[last] as number) : value;
    into[n] = value;
    last = n;
  }
  for (let hole = last + 1; hole < into.length; hole++)
    into[hole] = last < 0 ? low : (source[last] as number);
}
