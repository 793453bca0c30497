/** Truth sampled at voxel centres, and how far a result is from it. */
import { applyAffine } from '../../src/imaging/geometry/affine.ts';
import { subtract, type Vec3 } from '../../src/imaging/geometry/vector.ts';
import { type VolumeGeometry, voxelCount } from '../../src/imaging/geometry/volume-geometry.ts';
import { type Acquisition, toUvw } from './acquisition.ts';
import type { Shape } from './shapes.ts';

/** One byte per voxel of an acquired slice, row by row. */
export function truthOnSlice(acquisition: Acquisition, shape: Shape, slice: number): Uint8Array {
  const { columns, rows, spacingMm, slices } = acquisition;
  const [u0, v0, w] = slices[slice]?.originUvw ?? [0, 0, 0];
  const bits = new Uint8Array(columns * rows);
  if (shape.sections(w).length === 0) return bits;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [u, v] = [u0 + column * spacingMm.columns, v0 + row * spacingMm.rows];
      bits[row * columns + column] = shape.inside(u, v, w) ? 1 : 0;
    }
  }
  return bits;
}

/** One byte per voxel of any grid in the patient, for each shape by its name; i fastest, then j, then k. */
export function truthOnGrid(
  acquisition: Acquisition,
  shapes: readonly Shape[],
  grid: VolumeGeometry,
): ReadonlyMap<string, Uint8Array> {
  const truths = shapes.map(({ inside }) => ({ inside, bits: new Uint8Array(voxelCount(grid)) }));
  forEachVoxel(acquisition, grid, (at, u, v, w) => {
    for (const { inside, bits } of truths) if (inside(u, v, w)) bits[at] = 1;
  });
  return new Map(shapes.map(({ name }, index) => [name, truths[index]?.bits as Uint8Array]));
}

/** Steps through a grid in the frame of the acquisition, where a step along an axis is always the same. */
function forEachVoxel(
  acquisition: Acquisition,
  { affineIjkToLps, sizeIjk: [columns, rows, slices] }: VolumeGeometry,
  visit: (at: number, u: number, v: number, w: number) => void,
): void {
  const place = (ijk: Vec3) => toUvw(acquisition, applyAffine(affineIjkToLps, ijk));
  const along = subtract(place([1, 0, 0]), place([0, 0, 0]));
  let at = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      const [u, v, w] = place([0, j, k]);
      for (let i = 0; i < columns; i++, at++) visit(at, u + i * along[0], v + i * along[1], w + i * along[2]);
    }
  }
}

/**
 * The image that every series shows, in its real-world values: linear in position, and different along each axis, so that
 * any swap, flip or shift changes it and linear interpolation does not.
 */
export function intensityAt([u, v, w]: Vec3): number {
  return 2 * u + 3 * v + 5 * w;
}

/** Largest difference of a volume from the intensity truth over voxels that `counts` accepts. */
export function largestIntensityError(
  acquisition: Acquisition,
  volume: { readonly geometry: VolumeGeometry; readonly values: ArrayLike<number> },
  counts: (value: number) => boolean = () => true,
): number {
  let worst = 0;
  forEachVoxel(acquisition, volume.geometry, (at, u, v, w) => {
    const value = volume.values[at] as number;
    if (counts(value)) worst = Math.max(worst, Math.abs(value - intensityAt([u, v, w])));
  });
  return worst;
}

export interface Agreement {
  readonly truthVoxels: number;
  readonly voxels: number;
  readonly dice: number;
  /** |voxels - truth| / truth. */
  readonly volumeError: number;
}

/** Compares a region, one byte per voxel, with the truth on the same grid. */
export function agreement(found: ArrayLike<number>, truth: Uint8Array): Agreement {
  let [both, voxels, truthVoxels] = [0, 0, 0];
  for (let at = 0; at < truth.length; at++) {
    const [a, b] = [found[at] === 0 ? 0 : 1, truth[at] as number];
    both += a & b;
    voxels += a;
    truthVoxels += b;
  }
  return {
    ...{ truthVoxels, voxels },
    dice: voxels + truthVoxels === 0 ? 1 : (2 * both) / (voxels + truthVoxels),
    volumeError: truthVoxels === 0 ? voxels : Math.abs(voxels - truthVoxels) / truthVoxels,
  };
}
