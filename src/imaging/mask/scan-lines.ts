import { PipelineError } from '../../contracts/errors.ts';
import type { Polygon } from './polygon.ts';

/** Horizontal lines at the middle of equal steps, dense enough to compare areas of polygons. */
export interface ScanLines {
  readonly from: number;
  readonly step: number;
  readonly count: number;
}

const LINES_PER_PIXEL = 8;
const MIN_LINES = 32;
const MAX_LINES = 1024;
/** An outline that crosses the lines more often is a zigzag that no one drew; it would exhaust memory. */
const MAX_CROSSINGS = 2_000_000;

export function scanLines(minY: number, maxY: number): ScanLines {
  const wanted = Math.ceil((maxY - minY) * LINES_PER_PIXEL);
  const count = Math.min(MAX_LINES, Math.max(MIN_LINES, wanted));
  return { from: minY, step: (maxY - minY) / count, count };
}

/** Sorted x of every edge crossing, by line; between the 1st and 2nd, 3rd and 4th ... the polygon is inside. */
export function crossingsByLine(polygon: Polygon, { from, step, count }: ScanLines): number[][] {
  const lines: number[][] = Array.from({ length: count }, () => []);
  let crossings = 0;
  let x0 = polygon.at(-2) ?? 0;
  let y0 = polygon.at(-1) ?? 0;
  for (let at = 0; at < polygon.length; at += 2) {
    const x1 = polygon[at] as number;
    const y1 = polygon[at + 1] as number;
    const first = Math.max(0, Math.ceil((Math.min(y0, y1) - from) / step - 0.5));
    const last = Math.min(count - 1, Math.ceil((Math.max(y0, y1) - from) / step - 0.5) - 1);
    crossings += Math.max(0, last - first + 1);
    if (crossings > MAX_CROSSINGS) throw zigzag(polygon.length / 2);
    for (let line = first; line <= last; line++) {
      const y = from + (line + 0.5) * step;
      lines[line]?.push(x0 + ((x1 - x0) * (y - y0)) / (y1 - y0));
    }
    x0 = x1;
    y0 = y1;
  }
  for (const line of lines) line.sort((a, b) => a - b);
  return lines;
}

/**
 * Area in square pixels of polygons combined by group: inside a group by union, between groups by parity.
 *
 * @param groupOf - group of each polygon, numbered from 0
 */
export function combinedArea(
  polygons: readonly Polygon[],
  groupOf: readonly number[],
  lines: ScanLines,
): number {
  const crossings = polygons.map((polygon) => crossingsByLine(polygon, lines));
  let length = 0;
  for (let line = 0; line < lines.count; line++) {
    length += combinedLength(
      crossings.map((byLine) => byLine[line] ?? []),
      groupOf,
    );
  }
  return length * lines.step;
}

function combinedLength(crossings: readonly (readonly number[])[], groupOf: readonly number[]): number {
  const events = crossings.flatMap((xs, polygon) => xs.map((x) => ({ x, polygon })));
  events.sort((a, b) => a.x - b.x);
  const inside = new Set<number>();
  const members = new Map<number, number>();
  let odd = false;
  let from = 0;
  let length = 0;
  for (const { x, polygon } of events) {
    if (odd) length += x - from;
    from = x;
    const group = groupOf[polygon] ?? polygon;
    const before = members.get(group) ?? 0;
    const after = before + (inside.has(polygon) ? -1 : 1);
    if (!inside.delete(polygon)) inside.add(polygon);
    members.set(group, after);
    if (before === 0 || after === 0) odd = !odd;
  }
  return length;
}

function zigzag(points: number): PipelineError {
  return new PipelineError(
    'MalformedContour',
    `a contour of ${points} points winds to and fro more than ${MAX_CROSSINGS} times; simplify the drawing`,
    { points, allowed: MAX_CROSSINGS },
  );
}
