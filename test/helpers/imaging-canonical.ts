import { applyAffine, invertAffine } from '../../src/imaging/geometry/affine.ts';
import { column, type Mat3, scale, type Vec3 } from '../../src/imaging/geometry/vector.ts';
import {
  cornerDistanceMm,
  createGeometry,
  type VolumeGeometry,
} from '../../src/imaging/geometry/volume-geometry.ts';

type Axis = 0 | 1 | 2;

/** The same grid with its axes permuted and flipped towards +x, +y and +z, so that storage order no longer matters. */
export function canonicalGeometry(grid: VolumeGeometry): VolumeGeometry {
  const axes = [0, 1, 2] as const;
  const towards = (axis: Axis, patient: Axis) => column(grid.directionLps, axis)[patient];
  const permutations = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const;
  const score = (order: readonly [Axis, Axis, Axis]) =>
    axes.reduce<number>((sum, patient) => sum + Math.abs(towards(order[patient], patient)), 0);
  const order = permutations.reduce((best, one) => (score(one) > score(best) ? one : best));
  const flipped = axes.map((patient) => towards(order[patient], patient) < 0);
  const first = [0, 0, 0] as [number, number, number];
  for (const patient of axes) if (flipped[patient]) first[order[patient]] = grid.sizeIjk[order[patient]] - 1;
  const directions = axes.map((patient) =>
    scale(column(grid.directionLps, order[patient]), flipped[patient] ? -1 : 1),
  );
  return createGeometry({
    sizeIjk: pick(grid.sizeIjk, order),
    spacingMm: pick(grid.spacingMm, order),
    originLps: applyAffine(grid.affineIjkToLps, first),
    directionLps: axes.flatMap((row) => directions.map((direction) => direction[row])) as unknown as Mat3,
  });
}

export function rangeOf(values: ArrayLike<number>): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < values.length; at++) {
    low = Math.min(low, values[at] as number);
    high = Math.max(high, values[at] as number);
  }
  return [low, high];
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}

function pick(values: Vec3, order: readonly [Axis, Axis, Axis]): Vec3 {
  return [values[order[0]], values[order[1]], values[order[2]]];
}

/**
 * A volume's values in the axis order of another grid over the same voxel centres; reads each value once, changes none.
 *
 * @throws Error when the two grids do not have their voxels in the same places.
 */
export function valuesInOrderOf<T extends Int16Array | Float32Array | Uint8Array | Uint16Array>(
  reference: VolumeGeometry,
  { geometry, values }: { readonly geometry: VolumeGeometry; readonly values: T },
): T {
  const distance = cornerDistanceMm(canonicalGeometry(reference), canonicalGeometry(geometry));
  if (!(distance < 0.01)) throw new Error(`the corners of the two grids are ${distance} mm apart`);
  const toIjk = invertAffine(geometry.affineIjkToLps);
  const [columns, rows] = geometry.sizeIjk;
  const at = (ijk: Vec3) => {
    const [i, j, k] = applyAffine(toIjk, applyAffine(reference.affineIjkToLps, ijk)).map(Math.round) as [
      ...[number, number, number],
    ];
    return i + columns * (j + rows * k);
  };
  const origin = at([0, 0, 0]);
  const steps = [at([1, 0, 0]), at([0, 1, 0]), at([0, 0, 1])].map((index) => index - origin);
  const [di, dj, dk] = steps as [number, number, number];
  const out = values.slice() as T;
  let to = 0;
  for (let k = 0; k < reference.sizeIjk[2]; k++)
    for (let j = 0; j < reference.sizeIjk[1]; j++)
      for (let i = 0; i < reference.sizeIjk[0]; i++)
        out[to++] = values[origin + i * di + j * dj + k * dk] as number;
  return out;
}
