import { affineFrom, applyAffine, linearPart, type Mat4, translationPart } from './affine.ts';
import { column, determinant, fromColumns, type Mat3, norm, normalise, scale, type Vec3 } from './vector.ts';

/**
 * Where the voxels of a volume lie in the patient.
 *
 * Frame: DICOM LPS, millimetres. Indices: zero-based, i = column, j = row, k = slice, voxel **centres**.
 * Memory order: i fastest, then j, then k.
 */
export interface VolumeGeometry {
  /** Number of voxels along i, j and k. */
  readonly sizeIjk: Vec3;
  /** Distance of neighbouring voxel centres along i, j and k, in mm. */
  readonly spacingMm: Vec3;
  /** Centre of voxel (0, 0, 0), LPS mm. */
  readonly originLps: Vec3;
  /** Unit axes as the columns of a row-major 3 x 3 matrix: column 0 is the direction of i, 1 of j, 2 of k. */
  readonly directionLps: Mat3;
  /** Row-major 4 x 4: `p_lps = M * [i, j, k, 1]`. */
  readonly affineIjkToLps: Mat4;
}

export interface GridDescription {
  readonly sizeIjk: Vec3;
  readonly spacingMm: Vec3;
  readonly originLps: Vec3;
  readonly directionLps: Mat3;
}

/** Directions whose determinant is this near 1 are orthogonal but for rounding. */
const ORTHOGONAL = 1e-6;

/** Completes a grid with its affine. */
export function createGeometry(grid: GridDescription): VolumeGeometry {
  const { directionLps, spacingMm } = grid;
  const linear = fromColumns(
    scale(column(directionLps, 0), spacingMm[0]),
    scale(column(directionLps, 1), spacingMm[1]),
    scale(column(directionLps, 2), spacingMm[2]),
  );
  return { ...grid, affineIjkToLps: affineFrom(linear, grid.originLps) };
}

/** Grid of an affine read from a file: spacings are the lengths of its columns. */
export function geometryFromAffine(affineIjkToLps: Mat4, sizeIjk: Vec3): VolumeGeometry {
  const linear = linearPart(affineIjkToLps);
  const axes = [column(linear, 0), column(linear, 1), column(linear, 2)] as const;
  return {
    sizeIjk,
    spacingMm: [norm(axes[0]), norm(axes[1]), norm(axes[2])],
    originLps: translationPart(affineIjkToLps),
    directionLps: fromColumns(normalise(axes[0]), normalise(axes[1]), normalise(axes[2])),
    affineIjkToLps,
  };
}

export function voxelCount({ sizeIjk: [columns, rows, slices] }: VolumeGeometry): number {
  return columns * rows * slices;
}

/** Volume of one voxel in millilitres (1 ml = 1000 mm3); the voxels of a sheared grid lean, so theirs is less than i x j x k. */
export function voxelVolumeMl({ spacingMm: [i, j, k], directionLps }: VolumeGeometry): number {
  const upright = Math.abs(determinant(directionLps));
  return (i * j * k * (upright > 1 - ORTHOGONAL ? 1 : upright)) / 1000;
}

/** Centres of the eight corner voxels, LPS mm; i changes fastest. */
export function cornerCentresLps({ sizeIjk, affineIjkToLps }: VolumeGeometry): Vec3[] {
  const [i, j, k] = [sizeIjk[0] - 1, sizeIjk[1] - 1, sizeIjk[2] - 1];
  return [0, 1, 2, 3, 4, 5, 6, 7].map((corner) =>
    applyAffine(affineIjkToLps, [corner & 1 ? i : 0, corner & 2 ? j : 0, corner & 4 ? k : 0]),
  );
}

/** Largest distance in mm between the corner voxels of two grids of one size; Infinity when sizes differ. */
export function cornerDistanceMm(a: VolumeGeometry, b: VolumeGeometry): number {
  if (a.sizeIjk.some((size, axis) => size !== b.sizeIjk[axis])) return Number.POSITIVE_INFINITY;
  const other = cornerCentresLps(b);
  const distances = cornerCentresLps(a).map((corner, index) => {
    const [x, y, z] = other[index] ?? corner;
    return Math.hypot(corner[0] - x, corner[1] - y, corner[2] - z);
  });
  return Math.max(...distances);
}
