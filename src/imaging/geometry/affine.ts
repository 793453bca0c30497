import { PipelineError } from '../../contracts/errors.ts';
import { column, cross, dot, fromColumns, type Mat3, scale, type Vec3 } from './vector.ts';

/** Row-major 4 x 4 affine; the last row is `[0, 0, 0, 1]`. `p = M * [i, j, k, 1]`. */
export type Mat4 = readonly [
  ...[number, number, number, number],
  ...[number, number, number, number],
  ...[number, number, number, number],
  ...[number, number, number, number],
];

export function affineFrom(linear: Mat3, translation: Vec3): Mat4 {
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = linear;
  const [tx, ty, tz] = translation;
  return [xx, xy, xz, tx, yx, yy, yz, ty, zx, zy, zz, tz, 0, 0, 0, 1];
}

export function linearPart(m: Mat4): Mat3 {
  return [m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10]];
}

export function translationPart(m: Mat4): Vec3 {
  return [m[3], m[7], m[11]];
}

export function applyAffine(m: Mat4, [x, y, z]: Vec3): Vec3 {
  return [
    m[0] * x + m[1] * y + m[2] * z + m[3],
    m[4] * x + m[5] * y + m[6] * z + m[7],
    m[8] * x + m[9] * y + m[10] * z + m[11],
  ];
}

/**
 * Inverse of an affine.
 *
 * @throws DegenerateOrientation when the three axes do not span space.
 */
export function invertAffine(m: Mat4): Mat4 {
  const linear = linearPart(m);
  const [a, b, c] = [column(linear, 0), column(linear, 1), column(linear, 2)];
  const volume = dot(a, cross(b, c));
  if (!Number.isFinite(volume) || Math.abs(volume) < Number.MIN_VALUE * 1e16) {
    throw new PipelineError(
      'DegenerateOrientation',
      'the voxel axes do not span three dimensions, so positions cannot be mapped to voxels; export the series again',
      { determinant: volume },
    );
  }
  const rows = fromColumns(
    scale(cross(b, c), 1 / volume),
    scale(cross(c, a), 1 / volume),
    scale(cross(a, b), 1 / volume),
  );
  const inverse = transpose(rows);
  const [tx, ty, tz] = translationPart(m);
  const moved = applyAffine(affineFrom(inverse, [0, 0, 0]), [-tx, -ty, -tz]);
  return affineFrom(inverse, moved);
}

/** LPS to RAS or back: the signs of the first two patient axes turn. */
export function flipLpsRas(m: Mat4): Mat4 {
  const [a, b, c, d, e, f, g, h, ...rest] = m;
  return [-a, -b, -c, -d, -e, -f, -g, -h, ...rest];
}

function transpose(m: Mat3): Mat3 {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}
