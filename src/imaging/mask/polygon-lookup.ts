import { type Bounds, boundsOf, type Polygon, roundPixel } from './polygon.ts';

/** A polygon with its edges sorted into bands of y, so that one point is tested against few edges. */
export interface PolygonLookup {
  readonly bounds: Bounds;
  readonly bands: readonly (readonly number[])[];
  readonly polygon: Polygon;
}

/** Polygons of one group join by union. */
export type LookupGroup = readonly PolygonLookup[];

const BANDS = 128;

export function prepareLookup(polygon: Polygon): PolygonLookup {
  const bounds = boundsOf(polygon);
  const bands: number[][] = Array.from({ length: BANDS }, () => []);
  for (let at = 0; at < polygon.length; at += 2) {
    const y0 = polygon[at + 1] as number;
    const y1 = polygon[(at + 3) % polygon.length] as number;
    const [from, to] = [bandOf(bounds, Math.min(y0, y1)), bandOf(bounds, Math.max(y0, y1))];
    for (let band = from; band <= to; band++) bands[band]?.push(at);
  }
  return { bounds, bands, polygon };
}

/** Parity over groups, union within a group; half-open edges after rounding to 1e-6. */
export function insideGroups(groups: readonly LookupGroup[], x: number, y: number): boolean {
  const [px, py] = [roundPixel(x), roundPixel(y)];
  let odd = false;
  for (const group of groups) if (group.some((lookup) => insidePolygon(lookup, px, py))) odd = !odd;
  return odd;
}

function insidePolygon({ bounds, bands, polygon }: PolygonLookup, x: number, y: number): boolean {
  if (x < bounds.minX || x > bounds.maxX || y < bounds.minY || y > bounds.maxY) return false;
  let inside = false;
  for (const at of bands[bandOf(bounds, y)] ?? []) {
    const next = (at + 2) % polygon.length;
    const [x0, y0] = [polygon[at] as number, polygon[at + 1] as number];
    const [x1, y1] = [polygon[next] as number, polygon[next + 1] as number];
    if (y0 <= y === y1 <= y) continue;
    const [xa, ya, xb, yb] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
    if (roundPixel(xa + ((xb - xa) / (yb - ya)) * (y - ya)) <= x) inside = !inside;
  }
  return inside;
}

function bandOf({ minY, maxY }: Bounds, y: number): number {
  const height = maxY - minY;
  return height === 0 ? 0 : Math.min(BANDS - 1, Math.max(0, Math.floor(((y - minY) / height) * BANDS)));
}
