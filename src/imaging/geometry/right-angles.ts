import { column, dot, type Mat3, norm, normalise, scale, subtract, type Vec3 } from './vector.ts';

/**
 * Axes are at right angles when the cosine between any two of them is at most this: over 512 voxels that is a twentieth
 * of a voxel, and DICOM's orientation cosines are given to about as many digits.
 */
export const RIGHT_ANGLE_COSINE = 1e-4;

/** Cosines further than this from unit length, or from a right angle to each other, are no orientation of an image. */
export const ORIENTATION_TOLERANCE = 1e-3;

/** Whether row and column cosines are two unit vectors at a right angle, but for what rounding leaves. */
export function isOrientation(rowCosines: Vec3, columnCosines: Vec3): boolean {
  const off = [norm(rowCosines) - 1, norm(columnCosines) - 1, dot(rowCosines, columnCosines)];
  return off.every((deviation) => Math.abs(deviation) <= ORIENTATION_TOLERANCE);
}

/** Largest cosine between two of the axes, 0 for a box; of a tilted stack the sine of its tilt. */
export function shearOf(directions: Mat3): number {
  const [i, j, k] = [column(directions, 0), column(directions, 1), column(directions, 2)].map(normalise) as [
    Vec3,
    Vec3,
    Vec3,
  ];
  return Math.max(...[dot(i, j), dot(i, k), dot(j, k)].map(Math.abs));
}

/** Whether a grid leans, so that nothing may treat it as a box. */
export function isSheared(directions: Mat3): boolean {
  return shearOf(directions) > RIGHT_ANGLE_COSINE;
}

/**
 * Unit axes of an image plane, at right angles: the row cosines are believed, and column cosines that are off by more than
 * {@link RIGHT_ANGLE_COSINE} are turned within the plane. Its normal stays.
 */
export function planeAxes(rowCosines: Vec3, columnCosines: Vec3): readonly [row: Vec3, column: Vec3] {
  const [row, stated] = [normalise(rowCosines), normalise(columnCosines)];
  const skew = dot(row, stated);
  if (Math.abs(skew) <= RIGHT_ANGLE_COSINE) return [row, stated];
  return [row, normalise(subtract(stated, scale(row, skew)))];
}
