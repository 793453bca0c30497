/** Vectors of three and matrices of nine, row-major; the caller states unit and frame. */
export type Vec3 = readonly [number, number, number];
/** Row-major 3 x 3: `[xx, xy, xz, yx, yy, yz, zx, zy, zz]`. */
export type Mat3 = readonly [number, number, number, number, number, number, number, number, number];

export function add(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function scale(a: Vec3, factor: number): Vec3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function norm(a: Vec3): number {
  return Math.hypot(a[0], a[1], a[2]);
}

/** Unit vector along `a`; the zero vector stays zero. */
export function normalise(a: Vec3): Vec3 {
  const length = norm(a);
  return length === 0 ? a : scale(a, 1 / length);
}

/** Matrix whose columns are the three vectors. */
export function fromColumns(i: Vec3, j: Vec3, k: Vec3): Mat3 {
  return [i[0], j[0], k[0], i[1], j[1], k[1], i[2], j[2], k[2]];
}

export function column(m: Mat3, index: 0 | 1 | 2): Vec3 {
  if (index === 0) return [m[0], m[3], m[6]];
  if (index === 1) return [m[1], m[4], m[7]];
  return [m[2], m[5], m[8]];
}

export function determinant(m: Mat3): number {
  return dot(column(m, 0), cross(column(m, 1), column(m, 2)));
}
