import type { Vec3 } from './vector.ts';

/**
 * An implicit solid: negative inside, positive outside, zero on its surface.
 * Values are roughly millimetres near the surface, so that solids can be combined and offset.
 */
export type Solid = (p: Vec3) => number;

interface Superellipsoid {
  readonly centre: Vec3;
  /** Semi-axes in mm, before turning. */
  readonly radii: Vec3;
  /** 2 is an ellipsoid; larger is boxier. */
  readonly exponent: number;
  /** Turn about z, radians. */
  readonly turn: number;
}

export function superellipsoid({ centre, radii, exponent, turn }: Superellipsoid): Solid {
  const cosine = Math.cos(turn);
  const sine = Math.sin(turn);
  const unit = Math.min(...radii);
  return (p) => {
    const dx = p[0] - centre[0];
    const dy = p[1] - centre[1];
    const x = Math.abs((dx * cosine + dy * sine) / radii[0]);
    const y = Math.abs((dy * cosine - dx * sine) / radii[1]);
    const z = Math.abs((p[2] - centre[2]) / radii[2]);
    const sum = exponent === 2 ? x * x + y * y + z * z : x ** exponent + y ** exponent + z ** exponent;
    return ((exponent === 2 ? Math.sqrt(sum) : sum ** (1 / exponent)) - 1) * unit;
  };
}

/** A tube of the given radius around the segment from `start` to `end`. */
export function capsule(start: Vec3, end: Vec3, radius: number): Solid {
  const axis: Vec3 = [end[0] - start[0], end[1] - start[1], end[2] - start[2]];
  const lengthSquared = axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2;
  return (p) => {
    const q: Vec3 = [p[0] - start[0], p[1] - start[1], p[2] - start[2]];
    const along = (q[0] * axis[0] + q[1] * axis[1] + q[2] * axis[2]) / lengthSquared;
    const t = Math.min(1, Math.max(0, along));
    return Math.hypot(q[0] - t * axis[0], q[1] - t * axis[1], q[2] - t * axis[2]) - radius;
  };
}

/** Union whose seam is rounded over about `blendMm`, which gives a lobed organ rather than two solids. */
export function blendedUnion(first: Solid, second: Solid, blendMm: number): Solid {
  return (p) => {
    const a = first(p);
    const b = second(p);
    const mix = Math.max(0, blendMm - Math.abs(a - b)) / blendMm;
    return Math.min(a, b) - (mix * mix * blendMm) / 4;
  };
}

export function difference(solid: Solid, hole: Solid): Solid {
  return (p) => Math.max(solid(p), -hole(p));
}
