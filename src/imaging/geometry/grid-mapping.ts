import { applyAffine, invertAffine } from './affine.ts';
import { norm, subtract, type Vec3 } from './vector.ts';
import { cornerCentresLps, type VolumeGeometry } from './volume-geometry.ts';

/**
 * How the voxels of one grid are numbered on another that has the same voxel centres, with axes exchanged or reversed.
 * The voxel (i, j, k) of the second has the offset `first + i * steps[0] + j * steps[1] + k * steps[2]` in the first.
 */
export interface GridMapping {
  readonly first: number;
  readonly steps: Vec3;
}

/** Largest distance of two voxel centres that count as one, in mm. */
export const SAME_CENTRE_MM = 0.01;

/** Undefined when the two grids do not consist of the same voxels. */
export function mapGrid(from: VolumeGeometry, onto: VolumeGeometry): GridMapping | undefined {
  const toFrom = invertAffine(from.affineIjkToLps);
  const indexOf = (ijk: Vec3) => applyAffine(toFrom, applyAffine(onto.affineIjkToLps, ijk));
  const first = rounded(indexOf([0, 0, 0]));
  const axes = (
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ] as const
  ).map((unit) => rounded(subtract(indexOf(unit), indexOf([0, 0, 0]))));
  const oneAxisEach = axes.every(
    (axis) => axis.filter((value) => Math.abs(value) === 1).length === 1 && norm(axis) === 1,
  );
  if (!oneAxisEach) return undefined;
  const used = axes.map((axis) => axis.findIndex((value) => value !== 0));
  const sizesFit = used.every((axis, ontoAxis) => from.sizeIjk[axis] === onto.sizeIjk[ontoAxis]);
  if (new Set(used).size < 3 || !sizesFit) return undefined;
  const startsAtCorner = used.every((axis, ontoAxis) => {
    const reversed = (axes[ontoAxis]?.[axis] ?? 0) < 0;
    return first[axis] === (reversed ? (from.sizeIjk[axis] as number) - 1 : 0);
  });
  if (!startsAtCorner || largestOffset(from, onto, first, axes) > SAME_CENTRE_MM) return undefined;
  const strides: Vec3 = [1, from.sizeIjk[0], from.sizeIjk[0] * from.sizeIjk[1]];
  const offset = (ijk: Vec3) => ijk[0] * strides[0] + ijk[1] * strides[1] + ijk[2] * strides[2];
  return { first: offset(first), steps: axes.map(offset) as unknown as Vec3 };
}

/** Distance in mm between corner voxels that the mapping says are one. */
function largestOffset(
  from: VolumeGeometry,
  onto: VolumeGeometry,
  first: Vec3,
  axes: readonly Vec3[],
): number {
  const last = onto.sizeIjk.map((size) => size - 1);
  const distances = cornerCentresLps(onto).map((corner, number) => {
    const steps = [0, 1, 2].map((axis) => ((number >> axis) & 1 ? (last[axis] as number) : 0));
    const index = [0, 1, 2].map((axis) =>
      axes.reduce(
        (sum, step, ontoAxis) => sum + (step[axis] as number) * (steps[ontoAxis] as number),
        first[axis] as number,
      ),
    );
    return norm(subtract(corner, applyAffine(from.affineIjkToLps, index as unknown as Vec3)));
  });
  return Math.max(...distances);
}

/** Without negative zeros, which are not equal to zero everywhere. */
function rounded(vector: Vec3): Vec3 {
  return vector.map((value) => Math.round(value) + 0) as unknown as Vec3;
}
