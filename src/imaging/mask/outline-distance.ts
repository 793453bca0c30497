import type { Polygon } from './polygon.ts';

/** Vertices this close to the other outline need no exact nearest edge, in pixels. */
const CLOSE_ENOUGH_PX = 0.01;
/** Edges looked at on either side of the last nearest one before all are. */
const NEARBY_EDGES = 4;

/**
 * How far the vertices of one outline lie from the nearest edge of others, at most, in pixels; Infinity when there is no
 * other. Outlines drawn alike are compared edge by edge, so that long ones cost no more than their length.
 */
export function farthestVertex(polygon: Polygon, others: readonly Polygon[]): number {
  let farthest = 0;
  const hints = others.map(() => 0);
  for (let at = 0; at < polygon.length; at += 2) {
    const [x, y] = [polygon[at] as number, polygon[at + 1] as number];
    farthest = Math.max(farthest, nearestEdge(x, y, others, hints));
  }
  return farthest;
}

function nearestEdge(x: number, y: number, others: readonly Polygon[], hints: number[]): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const [index, other] of others.entries()) {
    const edges = other.length / 2;
    const hint = hints[index] as number;
    for (let edge = hint - NEARBY_EDGES; edge <= hint + NEARBY_EDGES; edge++) {
      const wrapped = ((edge % edges) + edges) % edges;
      const distance = edgeDistance(x, y, other, wrapped);
      if (distance < nearest) {
        nearest = distance;
        hints[index] = wrapped;
      }
    }
    if (nearest <= CLOSE_ENOUGH_PX) return nearest;
  }
  for (const [index, other] of others.entries()) {
    for (let edge = 0; edge < other.length / 2; edge++) {
      const distance = edgeDistance(x, y, other, edge);
      if (distance >= nearest) continue;
      nearest = distance;
      hints[index] = edge;
    }
  }
  return nearest;
}

function edgeDistance(x: number, y: number, polygon: Polygon, edge: number): number {
  const at = 2 * edge;
  const next = (at + 2) % polygon.length;
  const [x0, y0] = [polygon[at] as number, polygon[at + 1] as number];
  const [dx, dy] = [(polygon[next] as number) - x0, (polygon[next + 1] as number) - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}
