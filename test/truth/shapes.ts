/** Solids that are known in closed form: which points they contain, and their exact section at every slice. */
import type { Acquisition } from './acquisition.ts';
import { type Curve, circle, curve, insideCurve, keyhole, onUnitCircle, star } from './curves.ts';

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

// Millions of calls each: a global is slow to reach from inside a test.
const { abs, cos, hypot, max, min, sin, sqrt } = Math;

function sphere(u0: number, v0: number, w0: number, radius: number): Solid {
  return {
    inside: (u, v, w) => (u - u0) ** 2 + (v - v0) ** 2 + (w - w0) ** 2 < radius ** 2,
    sections: (w) => disc(u0, v0, radius ** 2 - (w - w0) ** 2),
  };
}

function disc(u: number, v: number, radiusSquared: number): Curve[] {
  return radiusSquared > 0 ? [circle(u, v, sqrt(radiusSquared))] : [];
}

/** Semi-axes a, b, c; turned about w by `turn`, then tipped about the new u by `tip`. */
function ellipsoid(
  [u0, v0, w0]: readonly [number, number, number],
  [a, b, c]: readonly [number, number, number],
  [turn, tip]: readonly [number, number],
): Solid {
  const [ct, st, cp, sp] = [cos(turn), sin(turn), cos(tip), sin(tip)];
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
      const l11 = sqrt(uu);
      const l21 = uv / l11;
      const l22 = sqrt(vv - l21 * l21);
      const radius = sqrt(level);
      return [
        curve((turn) => {
          const [x, y] = onUnitCircle(turn).map((part) => part * radius) as [number, number];
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
    inside: (u, v, w) => (hypot(u - u0, v - v0) - ring) ** 2 + (w - w0) ** 2 < tube ** 2,
    sections: (w) => {
      const half = tube ** 2 - (w - w0) ** 2;
      return half > 0 ? [ring + sqrt(half), ring - sqrt(half)].map((r) => circle(u0, v0, r)) : [];
    },
  };
}

/** A ring standing on the slices: two islands that grow together towards its top and bottom. */
function standingTorus(u0: number, v0: number, w0: number, ring: number, tube: number): Solid {
  const side = (angle: number, w: number) => sqrt(max(0, (ring + tube * cos(angle)) ** 2 - w ** 2));
  return {
    inside: (u, v, w) => (u - u0) ** 2 + (hypot(v - v0, w - w0) - ring) ** 2 < tube ** 2,
    sections: (at) => {
      const w = abs(at - w0);
      if (w >= ring + tube) return [];
      if (w < ring - tube) {
        const island = (sign: number) =>
          curve((share) => {
            const angle = 2 * Math.PI * share;
            return [u0 + tube * sin(angle), v0 + sign * side(angle, w)];
          });
        return [island(1), island(-1)];
      }
      const end = Math.acos((w - ring) / tube);
      return [
        curve((share) => {
          // Out along one side and back along the other, densest where they meet.
          const angle = end * sin(2 * Math.PI * share);
          const sign = share < 0.25 || share >= 0.75 ? 1 : -1;
          return [u0 + tube * sin(angle), v0 + sign * side(angle, w)];
        }),
      ];
    },
  };
}

/** One cross-section over a stretch of w. */
interface Prism {
  readonly from: number;
  readonly to: number;
  readonly inside: Inside;
  readonly curves: readonly Curve[];
}

/**
 * A prism that ends halfway between acquired slices: contours cannot say where between two slices a flat end lies, so any
 * other end would have no truth on a resampled grid.
 */
function prism(acquisition: Acquisition, { from, to, inside, curves }: Prism): Solid {
  const [low, high] = [halfway(acquisition, from), halfway(acquisition, to)];
  return {
    inside: (u, v, w) => w > low && w < high && inside(u, v),
    sections: (w) => (w > low && w < high ? curves : []),
  };
}

/** Middle of the two acquired slices around w, a little above it so that no plane lies on it. */
function halfway({ slices }: Acquisition, w: number): number {
  const heights = slices.map(({ originUvw }) => originUvw[2]);
  const above = heights.findIndex((height) => height > w);
  const [low, high] = [heights[above - 1] as number, heights[above] as number];
  return low + 0.5003 * (high - low);
}

type Disc = readonly [u: number, v: number, radius: number];

type Inside = (u: number, v: number) => boolean;

function within(u: number, v: number, radius: number): Inside {
  return (pu, pv) => (pu - u) ** 2 + (pv - v) ** 2 < radius ** 2;
}

function nestedRings(acquisition: Acquisition): Solid {
  const rings: readonly number[] = [36.137, 26.341, 13.719];
  const [outer, hole, island] = rings.map((radius) => within(1.3, -2.1, radius)) as [Inside, Inside, Inside];
  const inside = (u: number, v: number) => outer(u, v) && (!hole(u, v) || island(u, v));
  const curves = rings.map((radius) => circle(1.3, -2.1, radius));
  return prism(acquisition, { from: -20.7, to: 21.9, inside, curves });
}

/** A ring between two radii, however its contours are drawn. */
function ring(acquisition: Acquisition, outer: number, inner: number, curves: readonly Curve[]): Solid {
  const [insideOuter, insideInner] = [within(-3.3, 1.9, outer), within(-3.3, 1.9, inner)];
  const inside = (u: number, v: number) => insideOuter(u, v) && !insideInner(u, v);
  return prism(acquisition, { from: -19.3, to: 18.9, inside, curves });
}

function ringAsKeyhole(acquisition: Acquisition): Solid {
  const [outer, inner] = [31.462, 17.827] as const;
  return ring(acquisition, outer, inner, [keyhole(-3.3, 1.9, outer, inner)]);
}

/** 1.6 pixels thick. */
function thinWall(acquisition: Acquisition): Solid {
  const pixel = min(acquisition.spacingMm.columns, acquisition.spacingMm.rows);
  const [outer, inner] = [30.239, 30.239 - 1.6 * pixel];
  return ring(acquisition, outer, inner, [circle(-3.3, 1.9, outer), circle(-3.3, 1.9, inner)]);
}

/** Two circles that partly overlap. */
function twoCircles(acquisition: Acquisition, together: (a: boolean, b: boolean) => boolean): Solid {
  const [a, b] = [
    [-9.1, 3.2, 17.337],
    [10.7, -2.4, 15.941],
  ] as const;
  const [insideA, insideB] = [within(...a), within(...b)];
  const inside = (u: number, v: number) => together(insideA(u, v), insideB(u, v));
  return prism(acquisition, { from: -11.3, to: 18.3, inside, curves: [circle(...a), circle(...b)] });
}

function islands(acquisition: Acquisition): Solid {
  const discs: readonly Disc[] = [
    [-25.3, -20.2, 9.437],
    [24.9, -15.1, 12.341],
    [1.7, 23.4, 11.139],
  ];
  const insides = discs.map((disc) => within(...disc));
  const inside = (u: number, v: number) => insides.some((one) => one(u, v));
  return prism(acquisition, { from: -19.9, to: 18.3, inside, curves: discs.map((disc) => circle(...disc)) });
}

function concaveStar(acquisition: Acquisition): Solid {
  const tips = star(2.2, -1.4, 33.7, 12.9, 7);
  const inside = (u: number, v: number) => insideCurve(tips, u, v);
  return prism(acquisition, { from: -19.7, to: 20.3, inside, curves: [tips] });
}

/** Edges halfway between pixels: half a pixel of shift in any direction changes whole rows. */
function box(acquisition: Acquisition): Solid {
  const { spacingMm, columns, rows } = acquisition;
  const [left, right] = [30 - columns / 2, columns / 2 - 25].map((at) => at * spacingMm.columns);
  const [top, bottom] = [20 - rows / 2, rows / 2 - 22].map((at) => at * spacingMm.rows);
  const [u0, u1, v0, v1] = [left, right, top, bottom] as [number, number, number, number];
  const corners = [
    [u0, v0],
    [u1, v0],
    [u1, v1],
    [u0, v1],
  ] as const;
  const inside = (u: number, v: number) => u > u0 && u < u1 && v > v0 && v < v1;
  return prism(acquisition, { from: -12.7, to: 16.7, inside, curves: [corners] });
}

/** The same contour twice on every slice counts once. */
function drawnTwice(acquisition: Acquisition): Solid {
  const curves = [circle(4.4, 5.1, 22.743), circle(4.4, 5.1, 22.743)];
  return prism(acquisition, { from: -11.1, to: 14.7, inside: within(4.4, 5.1, 22.743), curves });
}

/** A disc on one slice and no other. */
function singleSlice(acquisition: Acquisition): Solid {
  const [, , w] = acquisition.slices[Math.floor(acquisition.slices.length / 3)]?.originUvw ?? [0, 0, 0];
  const inside = within(12.3, 7.4, 12.637);
  return prism(acquisition, { from: w - 1e-3, to: w + 1e-3, inside, curves: [circle(12.3, 7.4, 12.637)] });
}

/** Every shape that the truth tests draw on a series, each a region of its own; they overlap one another. */
export function shapesOf(acquisition: Acquisition): readonly Shape[] {
  const solids: Readonly<Record<string, Solid>> = {
    sphere: sphere(2.31, -1.73, 1.17, 33.3),
    'small sphere': sphere(20.23, 11.37, -7.71, 5),
    ellipsoid: ellipsoid([-2.2, 3.1, 0.7], [39.7, 24.1, 15.3], [0.4, 0.6]),
    torus: torus(1.9, 2.7, 17.9, 28.3, 9.2),
    'standing torus': standingTorus(-1.2, 0.9, 0.83, 24.7, 8.3),
    'nested rings': nestedRings(acquisition),
    keyhole: ringAsKeyhole(acquisition),
    'thin wall': thinWall(acquisition),
    islands: islands(acquisition),
    star: concaveStar(acquisition),
    box: box(acquisition),
    'single slice': { ...singleSlice(acquisition), boundToSlices: true },
    crossing: twoCircles(acquisition, (a, b) => a || b),
    duplicated: drawnTwice(acquisition),
    exclusive: { ...twoCircles(acquisition, (a, b) => a !== b), geometricType: 'CLOSEDPLANAR_XOR' },
  };
  return Object.entries(solids).map(([name, solid], index) => ({
    name,
    colour: [(index * 37) % 256, (index * 91 + 40) % 256, (index * 53 + 120) % 256],
    ...solid,
  }));
}
