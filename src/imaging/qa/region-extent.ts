import type { Vec3 } from '../geometry/vector.ts';

/** Where a region lies in a volume, in voxels. */
export interface RegionExtent {
  readonly voxels: number;
  readonly low: Vec3;
  readonly high: Vec3;
  /** Along each axis, the slice in which the region has the most voxels. */
  readonly fullest: Vec3;
}

/**
 * The extents of some values of a label map; a value that is not in it has no entry.
 *
 * @param labels - i fastest
 */
export function regionExtents(
  labels: ArrayLike<number>,
  sizeIjk: Vec3,
  values: readonly number[],
): Map<number, RegionExtent> {
  const counts = new Map(values.map((value) => [value, sizeIjk.map((size) => new Uint32Array(size))]));
  const [columns, rows, slices] = sizeIjk;
  let at = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at++) {
        const value = labels[at] as number;
        if (value === 0) continue;
        const found = counts.get(value);
        if (found === undefined) continue;
        const [alongI, alongJ, alongK] = found as [Uint32Array, Uint32Array, Uint32Array];
        alongI[i] = (alongI[i] as number) + 1;
        alongJ[j] = (alongJ[j] as number) + 1;
        alongK[k] = (alongK[k] as number) + 1;
      }
    }
  }
  const extents = [...counts].map(([value, along]) => [value, extentOf(along)] as const);
  return new Map(extents.filter((entry): entry is readonly [number, RegionExtent] => entry[1] !== undefined));
}

function extentOf(along: readonly Uint32Array[]): RegionExtent | undefined {
  const voxels = (along[2] as Uint32Array).reduce((sum, count) => sum + count, 0);
  if (voxels === 0) return undefined;
  const each = (of: (counts: Uint32Array) => number) => along.map(of) as unknown as Vec3;
  return {
    voxels,
    low: each((counts) => counts.findIndex((count) => count > 0)),
    high: each((counts) => counts.findLastIndex((count) => count > 0)),
    fullest: each((counts) =>
      counts.reduce((best, count, at) => (count > (counts[best] as number) ? at : best), 0),
    ),
  };
}
