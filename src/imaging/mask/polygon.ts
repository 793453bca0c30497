/**
 * A closed polygon in stored column/row space: x, y of each vertex in turn, in pixels, voxel centres on integers.
 *
 * Coordinates are rounded to 1e-6 pixel, so that an edge meant to run through voxel centres does so exactly.
 */
export type Polygon = Float64Array<ArrayBuffer>;

export interface Bounds {
  readonly minX: number;
  readonly maxX: number;
  readonly minY: number;
  readonly maxY: number;
}

const ROUNDING = 1e6;

export function roundPixel(value: number): number {
  return Math.round(value * ROUNDING) / ROUNDING;
}

/** Rounds vertices and drops repeated ones, the closing point included; fewer than three remain for a line. */
export function toPolygon(xy: ArrayLike<number>): Polygon {
  const kept = new Float64Array(xy.length);
  let length = 0;
  for (let at = 0; at + 1 < xy.length; at += 2) {
    const x = roundPixel(xy[at] as number);
    const y = roundPixel(xy[at + 1] as number);
    if (length > 0 && kept[length - 2] === x && kept[length - 1] === y) continue;
    kept[length] = x;
    kept[length + 1] = y;
    length += 2;
  }
  const closed = length > 2 && kept[length - 2] === kept[0] && kept[length - 1] === kept[1];
  return kept.subarray(0, closed ? length - 2 : length);
}

export function vertexCount(polygon: Polygon): number {
  return polygon.length / 2;
}

/** Enclosed area in square pixels (shoelace) of a polygon that does not cross itself: lobes of opposite turn would cancel. */
export function enclosedArea(polygon: Polygon): number {
  let twice = 0;
  if (polygon.length === 0) return 0;
  let x0 = polygon[polygon.length - 2] as number;
  let y0 = polygon[polygon.length - 1] as number;
  for (let at = 0; at < polygon.length; at += 2) {
    const x1 = polygon[at] as number;
    const y1 = polygon[at + 1] as number;
    twice += x0 * y1 - x1 * y0;
    x0 = x1;
    y0 = y1;
  }
  return Math.abs(twice) / 2;
}

export function boundsOf(polygon: Polygon): Bounds {
  let minX = Number.POSITIVE_INFINITY;
  let maxX = Number.NEGATIVE_INFINITY;
  let minY = Number.POSITIVE_INFINITY;
  let maxY = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < polygon.length; at += 2) {
    const x = polygon[at] as number;
    const y = polygon[at + 1] as number;
    if (x < minX) minX = x;
    if (x > maxX) maxX = x;
    if (y < minY) minY = y;
    if (y > maxY) maxY = y;
  }
  return { minX, maxX, minY, maxY };
}

/** Text that is equal for polygons of the same vertices in the same ring, wherever it starts and whichever way it turns. */
export function ringKey(polygon: Polygon): string {
  const points: string[] = [];
  for (let at = 0; at < polygon.length; at += 2) points.push(`${polygon[at]},${polygon[at + 1]}`);
  const [least] = points.toSorted();
  const starts = points.flatMap((point, index) => (point === least ? [index] : [])).slice(0, 8);
  const turned = points.toReversed();
  const rings = starts.flatMap((start) => {
    const back = points.length - 1 - start;
    return [rotate(points, start).join(' '), rotate(turned, back).join(' ')];
  });
  return rings.sort()[0] ?? '';
}

function rotate(points: readonly string[], start: number): string[] {
  return [...points.slice(start), ...points.slice(0, start)];
}
