import type { SliceRuns } from './slice-runs.ts';

/**
 * Finds the voxels that several regions of one value enclose: they count once.
 *
 * Memory is, for a value with several sources, one bit per voxel of the slices it appears on.
 */
export class RepeatedVoxels {
  readonly #planeSize: number;
  /** Slices painted so far by each value of several sources, also where another took the voxels since. */
  readonly #painted = new Map<number, Map<number, Uint8Array>>();

  /** @param values - of each region to come; one may occur several times. @param planeSize - voxels of a slice */
  constructor(values: readonly number[], planeSize: number) {
    this.#planeSize = planeSize;
    const seen = new Set<number>();
    for (const value of values) {
      if (seen.has(value)) this.#painted.set(value, new Map());
      seen.add(value);
    }
  }

  /** Voxels of a slice of a region that other regions of its value have enclosed before. */
  count(value: number, slice: number, runs: SliceRuns): number {
    const slices = this.#painted.get(value);
    if (slices === undefined) return 0;
    const marked = slices.get(slice) ?? new Uint8Array(Math.ceil(this.#planeSize / 8));
    slices.set(slice, marked);
    return countAgain(marked, runs);
  }

  /** Forgets a slice that nothing more is painted on. */
  forget(slice: number): void {
    for (const slices of this.#painted.values()) slices.delete(slice);
  }
}

/** Marks the voxels of a slice and counts those that were marked before. */
function countAgain(marked: Uint8Array, { bounds, length }: SliceRuns): number {
  let again = 0;
  for (let at = 0; at < length; at += 2) {
    const to = bounds[at + 1] as number;
    for (let voxel = bounds[at] as number; voxel < to; voxel++) {
      const byte = marked[voxel >>> 3] as number;
      const bit = 1 << (voxel & 7);
      if ((byte & bit) !== 0) again++;
      marked[voxel >>> 3] = byte | bit;
    }
  }
  return again;
}
