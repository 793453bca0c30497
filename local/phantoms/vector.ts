/** A point or direction in three dimensions; millimetres in DICOM LPS unless said otherwise. */
export type Vec3 = readonly [x: number, y: number, z: number];

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vec3, by: number): Vec3 => [a[0] * by, a[1] * by, a[2] * by];
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** Turns `p` about the x axis, then about the z axis; angles in radians. */
export function turned(p: Vec3, aboutX: number, aboutZ: number): Vec3 {
  const y = p[1] * Math.cos(aboutX) - p[2] * Math.sin(aboutX);
  const z = p[1] * Math.sin(aboutX) + p[2] * Math.cos(aboutX);
  return [p[0] * Math.cos(aboutZ) - y * Math.sin(aboutZ), p[0] * Math.sin(aboutZ) + y * Math.cos(aboutZ), z];
}
