import {
  column,
  cross,
  determinant,
  dot,
  fromColumns,
  type Mat3,
  normalise,
  scale,
  subtract,
  type Vec3,
} from '../geometry/vector.ts';

/** Rotation as NIfTI's qform stores it: `a = sqrt(1 - b2 - c2 - d2)`, third axis times `qfac`. */
export interface QformRotation {
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly qfac: 1 | -1;
}

/** Nearest rotation to three unit axes; axes that are a hair from orthogonal lose that hair. */
export function rotationToQuaternion(axes: Mat3): QformRotation {
  const qfac = determinant(axes) < 0 ? -1 : 1;
  const i = normalise(column(axes, 0));
  const raw = column(axes, 1);
  const j = normalise(subtract(raw, scale(i, dot(raw, i))));
  const [r11, r12, r13, r21, r22, r23, r31, r32, r33] = fromColumns(i, j, cross(i, j));
  // The largest of the four components is found from the diagonal, so that no division is by nearly zero.
  const squares = [1 + r11 + r22 + r33, 1 + r11 - r22 - r33, 1 - r11 + r22 - r33, 1 - r11 - r22 + r33];
  const largest = squares.indexOf(Math.max(...squares));
  const twice = Math.sqrt(squares[largest] ?? 1);
  const sums = [
    [twice * twice, r32 - r23, r13 - r31, r21 - r12],
    [r32 - r23, twice * twice, r12 + r21, r13 + r31],
    [r13 - r31, r12 + r21, twice * twice, r23 + r32],
    [r21 - r12, r13 + r31, r23 + r32, twice * twice],
  ][largest] as number[];
  const [a = 0, b = 0, c = 0, d = 0] = sums.map((value) => value / (2 * twice));
  const sign = a < 0 ? -1 : 1;
  return { b: sign * b, c: sign * c, d: sign * d, qfac };
}

/** Below this `a` is noise of the stored single-precision numbers; the reference library takes it for 0, too. */
const HALF_TURN_TOLERANCE = 1e-7;

/** Unit axes of a stored quaternion as columns. */
export function quaternionToRotation({ b, c, d, qfac }: QformRotation): Mat3 {
  const squared = 1 - b * b - c * c - d * d;
  const halfTurn = squared < HALF_TURN_TOLERANCE;
  const shrink = halfTurn ? 1 / Math.hypot(b, c, d) : 1;
  const [x, y, z] = [b * shrink, c * shrink, d * shrink];
  const a = halfTurn ? 0 : Math.sqrt(squared);
  const third: Vec3 = [2 * (x * z + a * y), 2 * (y * z - a * x), a * a + z * z - x * x - y * y];
  return fromColumns(
    [a * a + x * x - y * y - z * z, 2 * (x * y + a * z), 2 * (x * z - a * y)],
    [2 * (x * y - a * z), a * a + y * y - x * x - z * z, 2 * (y * z + a * x)],
    scale(third, qfac),
  );
}
