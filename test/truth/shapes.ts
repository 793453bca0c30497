/** Solids that are known in closed form: which points they contain, and their exact section at every slice. */
import type { Acquisition } from './acquisition.ts';
import { type Curve, circle, curve, insideCurve, keyhole, star } from './curves.ts';

export interface Shape {
  readonly name: string;
  readonly colour: readonly [number, number, number];
  /** Whether a point of the acquisition (mm) is inside. */
  readonly inside: (u: number, v: number, w: number) => boolean;
  /** The contours that a person would draw at height w; none when the plane misses the shape. */
  readonly sections: (w: number) => readonly Curve[];
  /** CLOSED_PLANAR unless said otherwise; AIM knows no other. */
  readonly geometricType?: 'CLOSEDPLANAR_XOR';
  /** Depends on the slices themselves, so it says nothing about a grid that they were resampled to. */
  readonly boundToSlices?: boolean;
}

type Solid = Omit<Shape, 'name' | 'colour'>;

function sphere(u0: number, v0: number, w0: number, radius: number): Solid {
  return {
    inside: (u, v, w) => (u - u0) ** 2 + (v - v0) ** 2 + (w - w0) ** 2 < radius ** 2,
    sections: (w) => disc(u0, v0, radius ** 2 - (w - w0) ** 2),
  };
}

function disc(u: number, v: number, radiusSquared: number): Curve[] {
  return radiusSquared > 0 ? [circle(u, v, Math.sqrt(radiusSquared))] : [];
}

/** Semi-axes a, b, c; turned about w by `turn`, then tipped about the new u by `tip`. */
function ellipsoid(
  [u0, v0, w0]: readonly [number, number, number],
  [a, b, c]: readonly [number, number, number],
  [turn, tip]: readonly [number, number],
): Solid {
  const [ct, st, cp, sp] = [Math.cos(turn), Math.sin(turn), Math.cos(tip), Math.sin(tip)];
  // Unit axes of the ellipsoid.
  const axes = [
    [ct, st, 0, a],
    [-st * cp, ct * cp, sp, b],
    [st * sp, -ct * sp, cp, c],
  ] as const;
  const q = (m: 0 | 1 | 2, n: 0 | 1 | 2) =>
    axes.reduce((sum, axis) => sum + (axis[m] * axis[n]) / axis[3] ** 2, 0);
  const [uu, uv, vv, uw, vw, ww] = [q(0, 0), q(0, 1), q(1, 1), q(0, 2), q(1, 2), q(2, 2)];
  const determinant = uu * vv - uv * uv;
  const value = (u: number, v: number, w: number) =>
    uu * u * u + 2 * uv * u * v + vv * v * v + 2 * w * (uw * u + vw * v) + ww * w * w;
  return {
    inside: (u, v, w) => value(u - u0, v - v0, w - w0) < 1,
    sections: (at) => {
      const w = at - w0;
      // The centre of the section's ellipse is where the quadratic form is least in the plane.
      const [cu, cv] = [(-w * (vv * uw - uv * vw)) / determinant, (-w * (uu * vw - uv * uw)) / determinant];
      const level = 1 - value(cu, cv, w);
      if (level <= 0) return [];
      const l11 = Math.sqrt(uu);
      const l21 = uv / l11;
      const l22 = Math.sqrt(vv - l21 * l21);
      const radius = Math.sqrt(level);
      return [
        curve((share) => {
          const [x, y] = [
            radius * Math.cos(2 * Math.PI * share),
            radius * Math.sin(2 * Math.PI * share),
          ] as const;
          const dv = y / l22;
          return [u0 + cu + (x - l21 * dv) / l11, v0 + cv + dv];
        }),
      ];
    },
  };
}

/** A ring lying in the slices: every section is a pair of nested circles. */
function torus(u0: number, v0: number, w0: number, ring: number, tube: number): Solid {
  return {
    inside: (u, v, w) => (Math.hypot(u - u0, v - v0) - ring) ** 2 + (w - w0) ** 2 < tube ** 2,
    sections: (w) => {
      const half = tube ** 2 - (w - w0) ** 2;
      return half > 0 ? [ring + Math.sqrt(half), ring - Math.sqrt(half)].map((r) => circle(u0, v0, r)) : [];
    },
  };
}

/** A ring standing on the slices: two islands that grow together towards its top and bottom. */
function standingTorus(u0: number, v0: number, w0: number, ring: number, tube: number): Solid {
  const side = (angle: number, w: number) =>
    Math.sqrt(Math.max(0, (ring + tube * Math.cos(angle)) ** 2 - w ** 2));
  return {
    inside: (u, v, w) => (u - u0) ** 2 + (Math.hypot(v - v0, w - w0) - ring) ** 2 < tube ** 2,
    sections: (at) => {
      const w = Math.abs(at - w0);
      if (w >= ring + tube) return [];
      if (w < ring - tube) {
        const island = (sign: number) =>
          curve((share) => {
            const angle = 2 * Math.PI * share;
            return [u0 + tube * Math.sin(angle), v0 + sign * side(angle, w)];
          });
        return [island(1), island(-1)];
      }
      const end = Math.acos((w - ring) / tube);
      return [
        curve((share) => {
          // Out along one side and back along the other, densest where they meet.
          const angle = end * Math.sin(2 * Math.PI * share);
          const sign = share < 0.25 || share >= 0.75 ? 1 : -1;
          return [u0 + tube * Math.sin(angle), v0 + sign * side(angle, w)];
        }),
      ];
    },
  };
}

/** One cross-section from w0 - half to w0 + half. */
function prism(
  w0: number,
  half: number,
  inside: (u: number, v: number) => boolean,
  curves: readonly Curve[],
): Solid {
  return {
    inside: (u, v, w) => Math.abs(w - w0) < half && inside(u, v),
    sections: (w) => (Math.abs(w - w0) < half ? curves : []),
  };
}

function within(u: number, v: number, radius: number): (u: number, v: number) => boolean {
  return (pu, pv) => Math.hypot(pu - u, pv - v) < radius;
}

function nestedRings(): Solid {
  const rings = [36.1, 26.3, 13.7];
  const count = (u: number, v: number) =>
    rings.filter((radius) => Math.hypot(u - 1.3, v + 2.1) < radius).length;
  return prism(
    0.7,
    21.3,
    (u, v) => count(u, v) % 2 === 1,
    rings.map((radius) => circle(1.3, -2.1, radius)),
  );
}

function ringDrawnAs(curves: readonly Curve[], outer: number, inner: number, half: number): Solid {
  const inside = (u: number, v: number) => {
    const distance = Math.hypot(u + 3.3, v - 1.9);
    return distance < outer && distance >= inner;
  };
  return prism(-1.1, half, inside, curves);
}

function thinWall(pixel: number): Solid {
  const [outer, inner] = [30.2, 30.2 - 1.6 * pixel];
  const curves = [circle(-3.3, 1.9, outer), circle(-3.3, 1.9, inner)];
  return ringDrawnAs(curves, outer, inner, 17.2);
}

function crossingCircles(): Solid {
  const [a, b] = [within(-9.1, 3.2, 17.3), within(10.7, -2.4, 15.9)];
  const curves = [circle(-9.1, 3.2, 17.3), circle(10.7, -2.4, 15.9)];
  return prism(2.3, 15.1, (u, v) => a(u, v) || b(u, v), curves);
}

function exclusiveCircles(): Solid {
  const [a, b] = [within(-9.1, 3.2, 17.3), within(10.7, -2.4, 15.9)];
  const curves = [circle(-9.1, 3.2, 17.3), circle(10.7, -2.4, 15.9)];
  return prism(2.3, 15.1, (u, v) => a(u, v) !== b(u, v), curves);
}

function islands(): Solid {
  const centres = [
    [-25.3, -20.2, 9.4],
    [24.9, -15.1, 12.3],
    [1.7, 23.4, 11.1],
  ] as const;
  const inside = (u: number, v: number) => centres.some(([cu, cv, r]) => Math.hypot(u - cu, v - cv) < r);
  return prism(
    -0.9,
    19.3,
    inside,
    centres.map(([u, v, r]) => circle(u, v, r)),
  );
}

function concaveStar(): Solid {
  const tips = star(2.2, -1.4, 33.7, 12.9, 7);
  return prism(1.1, 18.7, (u, v) => insideCurve(tips, u, v), [tips]);
}

/** Edges halfway between pixels: half a pixel of shift in any direction changes whole rows. */
function box({ spacingMm, columns, rows }: Acquisition): Solid {
  const edge = (pixels: number, of: number, spacing: number) => (pixels - of / 2) * spacing;
  const [left, right] = [30, columns - 25].map((at) => edge(at, columns, spacingMm.columns)) as [
    number,
    number,
  ];
  const [top, bottom] = [20, rows - 22].map((at) => edge(at, rows, spacingMm.rows)) as [number, number];
  const corners = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ] as const;
  return prism(0.4, 16.6, (u, v) => u > left && u < right && v > top && v < bottom, [corners]);
}

/** A disc on one slice and no other. */
function singleSlice({ slices, sliceSpacingMm }: Acquisition): Solid {
  const [, , w] = slices[Math.floor(slices.length / 3)]?.originUvw ?? [0, 0, 0];
  const disc12 = circle(12.3, 7.4, 12.6);
  return prism(w, sliceSpacingMm / 2, within(12.3, 7.4, 12.6), [disc12]);
}

/** Every shape that the truth tests draw on a series, each a region of its own; they overlap one another. */
export function shapesOf(acquisition: Acquisition): readonly Shape[] {
  const pixel = Math.min(acquisition.spacingMm.columns, acquisition.spacingMm.rows);
  const solids: Readonly<Record<string, Solid>> = {
    sphere: sphere(2.31, -1.73, 1.17, 33.3),
    'small sphere': sphere(20.23, 11.37, -7.71, 5),
    ellipsoid: ellipsoid([-2.2, 3.1, 0.7], [39.7, 24.1, 15.3], [0.4, 0.6]),
    torus: torus(1.9, 2.7, -3.1, 28.3, 9.2),
    'standing torus': standingTorus(-1.2, 0.9, 0.6, 24.7, 8.3),
    'nested rings': nestedRings(),
    keyhole: ringDrawnAs([keyhole(-3.3, 1.9, 31.4, 17.8)], 31.4, 17.8, 20.2),
    'thin wall': thinWall(pixel),
    islands: islands(),
    star: concaveStar(),
    box: box(acquisition),
    'single slice': { ...singleSlice(acquisition), boundToSlices: true },
    crossing: crossingCircles(),
    duplicated: prism(0.8, 13.9, within(4.4, 5.1, 22.7), [circle(4.4, 5.1, 22.7), circle(4.4, 5.1, 22.7)]),
    exclusive: { ...exclusiveCircles(), geometricType: 'CLOSEDPLANAR_XOR' },
  };
  return Object.entries(solids).map(([name, solid], index) => ({
    name,
    colour: [(index * 37) % 256, (index * 91 + 40) % 256, (index * 53 + 120) % 256],
    ...solid,
  }));
}
