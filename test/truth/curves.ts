/** Closed curves as polygons, in mm within a plane of the acquisition: u, v. */
export type Curve = readonly (readonly [u: number, v: number])[];

const POINTS = 400;
/** Puts the corners this much outside a circle, so that the polygon has its area and strays less than 0.001 mm. */
const EQUAL_AREA = Math.sqrt((2 * Math.PI) / POINTS / Math.sin((2 * Math.PI) / POINTS));

/** A closed curve given by its point at each share of one turn. */
export function curve(pointAt: (turn: number) => readonly [number, number]): Curve {
  return Array.from({ length: POINTS }, (_, n) => pointAt((n + 0.25) / POINTS));
}

export function circle(u: number, v: number, radius: number): Curve {
  return curve((turn) => {
    const [x, y] = onUnitCircle(turn);
    return [u + radius * x, v + radius * y];
  });
}

/** Corner of the polygon that stands for the unit circle. */
export function onUnitCircle(turn: number): readonly [number, number] {
  return [EQUAL_AREA * Math.cos(2 * Math.PI * turn), EQUAL_AREA * Math.sin(2 * Math.PI * turn)];
}

/** A ring drawn as one contour: around the outside, across to the hole, around it backwards and back the same way. */
export function keyhole(u: number, v: number, outer: number, inner: number): Curve {
  const outside = [...circle(u, v, outer)];
  const inside = [...circle(u, v, inner)].reverse();
  const close = (points: Curve) => [...points, points[0] as readonly [number, number]];
  return [...close(outside), ...close(inside)];
}

/** A star of straight edges; concave at every second corner. */
export function star(u: number, v: number, outer: number, inner: number, tips: number): Curve {
  return Array.from({ length: 2 * tips }, (_, n) => {
    const radius = n % 2 === 0 ? outer : inner;
    const angle = (Math.PI * n) / tips + 0.1;
    return [u + radius * Math.cos(angle), v + radius * Math.sin(angle)];
  });
}

/** Even-odd test of a point against a polygon, the plain textbook way. */
export function insideCurve(points: Curve, u: number, v: number): boolean {
  let inside = false;
  points.forEach(([u1, v1], index) => {
    const [u0, v0] = points.at(index - 1) as readonly [number, number];
    if (v0 > v !== v1 > v && u < u0 + ((u1 - u0) * (v - v0)) / (v1 - v0)) inside = !inside;
  });
  return inside;
}
