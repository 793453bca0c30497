import type { Solid } from './shapes.ts';
import { add, scale, type Vec3 } from './vector.ts';

/** A slice through the solid: a point on it, unit in-plane directions, lattice step (mm) and lattice size. */
export interface TracedPlane {
  readonly origin: Vec3;
  readonly u: Vec3;
  readonly v: Vec3;
  readonly stepU: number;
  readonly stepV: number;
  readonly countU: number;
  readonly countV: number;
}

/** Corner pairs of the cell's four edges; corners run (0,0), (1,0), (1,1), (0,1). */
const EDGES = [
  [0, 1],
  [1, 2],
  [3, 2],
  [0, 3],
] as const;

/**
 * Traces the solid's outline on a plane by marching squares; each vertex is the root on its lattice edge.
 *
 * Because vertices lie on lattice edges, a lattice point is inside the polygons exactly when it is inside the
 * solid: put voxel centres on the lattice, and rasterising the result gives back the voxelised solid.
 *
 * @returns closed loops without a repeated last point, as points on the plane; outer loops and holes alike.
 */
export function traceContours(solid: Solid, plane: TracedPlane): Vec3[][] {
  const levels = sampleLevels(solid, plane);
  const links = new Map<number, number[]>();
  for (let b = 0; b < plane.countV - 1; b += 1) {
    for (let a = 0; a < plane.countU - 1; a += 1) linkCell(levels, plane, a, b, links);
  }
  const vertexOf = (edge: number): Vec3 => edgeRoot(solid, plane, edge);
  return walkLoops(links).map((loop) => loop.map(vertexOf));
}

function latticePoint(plane: TracedPlane, a: number, b: number): Vec3 {
  return add(plane.origin, add(scale(plane.u, a * plane.stepU), scale(plane.v, b * plane.stepV)));
}

/** Levels at lattice points; the rim counts as outside, so that every loop closes. */
function sampleLevels(solid: Solid, plane: TracedPlane): Float64Array {
  const levels = new Float64Array(plane.countU * plane.countV).fill(1);
  for (let b = 1; b < plane.countV - 1; b += 1) {
    for (let a = 1; a < plane.countU - 1; a += 1) {
      levels[b * plane.countU + a] = solid(latticePoint(plane, a, b));
    }
  }
  return levels;
}

/** Lattice edges are numbered 2 x start point, plus 1 for edges along v. */
function edgeNumber(plane: TracedPlane, a: number, b: number, edge: number): number {
  const start = (b + (edge === 2 ? 1 : 0)) * plane.countU + a + (edge === 1 ? 1 : 0);
  return 2 * start + (edge % 2);
}

function linkCell(
  levels: Float64Array,
  plane: TracedPlane,
  a: number,
  b: number,
  links: Map<number, number[]>,
): void {
  const base = b * plane.countU + a;
  const isInside = (corner: number): boolean => (levels[corner] as number) < 0;
  const [first, second] = [isInside(base), isInside(base + 1)];
  const [fourth, third] = [isInside(base + plane.countU), isInside(base + plane.countU + 1)];
  if (first === second && second === third && third === fourth) return;
  const inside = [first, second, third, fourth];
  const crossed = [0, 1, 2, 3].filter((edge) => {
    const [from, to] = EDGES[edge] as readonly [number, number];
    return inside[from] !== inside[to];
  });
  // A saddle (four crossings) keeps its two inside corners apart: each corner is cut off by its own segment.
  const pairs =
    crossed.length === 4
      ? inside[0]
        ? [
            [0, 3],
            [1, 2],
          ]
        : [
            [0, 1],
            [2, 3],
          ]
      : crossed.length === 2
        ? [crossed]
        : [];
  for (const [enters, leaves] of pairs) {
    const from = edgeNumber(plane, a, b, enters as number);
    const to = edgeNumber(plane, a, b, leaves as number);
    links.set(from, [...(links.get(from) ?? []), to]);
    links.set(to, [...(links.get(to) ?? []), from]);
  }
}

function walkLoops(links: ReadonlyMap<number, readonly number[]>): number[][] {
  const visited = new Set<number>();
  const loops: number[][] = [];
  for (const start of links.keys()) {
    if (visited.has(start)) continue;
    const loop: number[] = [];
    let current: number | undefined = start;
    while (current !== undefined) {
      visited.add(current);
      loop.push(current);
      current = links.get(current)?.find((next) => !visited.has(next));
    }
    if (loop.length >= 3) loops.push(loop);
  }
  return loops;
}

/** The surface crossing on one lattice edge, by bisection to a thousandth of the step. */
function edgeRoot(solid: Solid, plane: TracedPlane, edge: number): Vec3 {
  const start = Math.floor(edge / 2);
  const [a, b] = [start % plane.countU, Math.floor(start / plane.countU)];
  const [da, db] = edge % 2 === 1 ? [0, 1] : [1, 0];
  const startsInside = solid(latticePoint(plane, a, b)) < 0;
  let [low, high] = [0, 1];
  for (let halving = 0; halving < 10; halving += 1) {
    const middle = (low + high) / 2;
    const isInside = solid(latticePoint(plane, a + da * middle, b + db * middle)) < 0;
    if (isInside === startsInside) low = middle;
    else high = middle;
  }
  const root = (low + high) / 2;
  return latticePoint(plane, a + da * root, b + db * root);
}
