/** Truth sampled at voxel centres, and how far a result is from it. */
import { applyAffine } from '../../src/imaging/geometry/affine.ts';
import type { Vec3 } from '../../src/imaging/geometry/vector.ts';
import { type VolumeGeometry, voxelCount } from '../../src/imaging/geometry/volume-geometry.ts';
import { type Acquisition, toUvw } from './acquisition.ts';
import type { Shape } from './shapes.ts';

/** One byte per voxel of an acquired slice, row by row. */
export function truthOnSlice(acquisition: Acquisition, shape: Shape, slice: number): Uint8Array {
  const { columns, rows, spacingMm, slices } = acquisition;
  const [u0, v0, w] = slices[slice]?.originUvw ?? [0, 0, 0];
  const bits = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [u, v] = [u0 + column * spacingMm.columns, v0 + row * spacingMm.rows];
      bits[row * columns + column] = shape.inside(u, v, w) ? 1 : 0;
    }
  }
  return bits;
}

/** One byte per voxel of any grid in the patient; i fastest, then j, then k. */
export function truthOnGrid(acquisition: Acquisition, shape: Shape, grid: VolumeGeometry): Uint8Array {
  const bits = new Uint8Array(voxelCount(grid));
  forEachVoxel(grid, (at, lps) => {
    bits[at] = shape.inside(...toUvw(acquisition, lps)) ? 1 : 0;
  });
  return bits;
}

function forEachVoxel(grid: VolumeGeometry, visit: (at: number, lps: Vec3) => void): void {
  const [columns, rows, slices] = grid.sizeIjk;
  let at = 0;
  for (let k = 0; k < slices; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, at++) visit(at, applyAffine(grid.affineIjkToLps, [i, j, k]));
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
  forEachVoxel(volume.geometry, (at, lps) => {
    const value = volume.values[at] as number;
    if (counts(value)) worst = Math.max(worst, Math.abs(value - intensityAt(toUvw(acquisition, lps))));
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
