import { type Bounds, boundsOf, type Polygon } from './polygon.ts';
import { polygonArea } from './polygon-area.ts';
import { crossingsByLine, scanLines } from './scan-lines.ts';

/**
 * How two polygons of one plane lie to each other. `touching` outlines overlap by less than 1 % of the smaller;
 * `crossing` includes two drawings of nearly the same outline.
 */
export type PolygonRelation = 'apart' | 'touching' | 'first-inside' | 'second-inside' | 'crossing';

/** A share of the smaller area that may stick out or overlap without changing what the drawing means. */
const NEGLIGIBLE_SHARE = 0.01;
/** Outlines that differ by less are one outline whose points were rounded differently, not a wall and its hole. */
const SAME_SHARE = 1e-4;
const NO_AREA = 1e-6;

/**
 * Tells nested, separate and partly crossing outlines apart by the areas they share, so that a hole whose edge
 * touches the outer edge (or crosses it by the rounding of a file) still counts as a hole.
 */
export function relatePolygons(a: Polygon, b: Polygon): PolygonRelation {
  const boundsA = boundsOf(a);
  const boundsB = boundsOf(b);
  const overlap = intersectBounds(boundsA, boundsB);
  if (overlap === undefined) return 'apart';
  const shared = measureOverlap(a, b, overlap);
  const [areaA, areaB] = [polygonArea(a), polygonArea(b)];
  if (shared.both <= NO_AREA) return 'apart';
  if (shared.both <= NEGLIGIBLE_SHARE * Math.min(areaA, areaB)) return 'touching';
  const onlyA = within(boundsA, overlap) ? shared.onlyA : Math.max(shared.onlyA, areaA - shared.both);
  const onlyB = within(boundsB, overlap) ? shared.onlyB : Math.max(shared.onlyB, areaB - shared.both);
  if (Math.max(onlyA, onlyB) <= SAME_SHARE * Math.min(areaA, areaB)) return 'crossing';
  if (onlyA <= NO_AREA) return 'first-inside';
  if (onlyB <= NO_AREA) return 'second-inside';
  const aInside = onlyA <= NEGLIGIBLE_SHARE * areaA;
  const bInside = onlyB <= NEGLIGIBLE_SHARE * areaB;
  if (aInside === bInside) return 'crossing';
  return aInside ? 'first-inside' : 'second-inside';
}

interface SharedArea {
  both: number;
  onlyA: number;
  onlyB: number;
}

function measureOverlap(a: Polygon, b: Polygon, overlap: Bounds): SharedArea {
  const lines = scanLines(overlap.minY, overlap.maxY);
  const crossingsA = crossingsByLine(a, lines);
  const crossingsB = crossingsByLine(b, lines);
  const total: SharedArea = { both: 0, onlyA: 0, onlyB: 0 };
  for (let line = 0; line < lines.count; line++) {
    addLine(total, crossingsA[line] ?? [], crossingsB[line] ?? [], lines.step);
  }
  return total;
}

function addLine(total: SharedArea, xsA: readonly number[], xsB: readonly number[], step: number): void {
  let [atA, atB] = [0, 0];
  let from = 0;
  while (atA < xsA.length || atB < xsB.length) {
    const x = Math.min(xsA[atA] ?? Number.POSITIVE_INFINITY, xsB[atB] ?? Number.POSITIVE_INFINITY);
    const [insideA, insideB] = [atA % 2 === 1, atB % 2 === 1];
    if (insideA && insideB) total.both += (x - from) * step;
    else if (insideA) total.onlyA += (x - from) * step;
    else if (insideB) total.onlyB += (x - from) * step;
    from = x;
    while (xsA[atA] === x) atA++;
    while (xsB[atB] === x) atB++;
  }
}

function intersectBounds(a: Bounds, b: Bounds): Bounds | undefined {
  const shared = {
    minX: Math.max(a.minX, b.minX),
    maxX: Math.min(a.maxX, b.maxX),
    minY: Math.max(a.minY, b.minY),
    maxY: Math.min(a.maxY, b.maxY),
  };
  return shared.minX < shared.maxX && shared.minY < shared.maxY ? shared : undefined;
}

function within(inner: Bounds, outer: Bounds): boolean {
  return (
    inner.minX >= outer.minX &&
    inner.maxX <= outer.maxX &&
    inner.minY >= outer.minY &&
    inner.maxY <= outer.maxY
  );
}
