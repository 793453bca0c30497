import { type Acquisition, patientPoint } from './acquisition.ts';
import { isOutOfReach, type Organ } from './anatomy.ts';
import type { Contour } from './structures.ts';
import { type TracedPlane, traceContours } from './trace-contours.ts';
import { add, dot, subtract, type Vec3 } from './vector.ts';

/** How a hole is drawn: as a contour of its own inside the outer one, or joined to it by a slit. */
export type HoleStyle = 'nested' | 'keyhole';

/** Lattice steps per voxel along columns and rows; a whole number keeps voxel centres on the lattice. */
const LATTICE_PER_VOXEL = 2;

/**
 * Draws one organ on every slice that cuts it, as a careful observer would.
 * Rasterising the polygons at voxel centres gives exactly the analytic organ at voxel centres.
 */
export function drawOrgan(
  organ: Organ,
  grid: Acquisition,
  sopInstanceUids: readonly string[],
  holes: HoleStyle,
): Contour[] {
  const inPatient = (p: Vec3): number => {
    const q = subtract(p, grid.isocentre);
    return isOutOfReach(organ, q) ? 1 : organ.solid(q);
  };
  const contours: Contour[] = [];
  sopInstanceUids.forEach((sopInstanceUid, k) => {
    if (!reaches(organ, grid, k)) return;
    const loops = traceContours(inPatient, slicePlane(grid, k));
    const drawn = holes === 'keyhole' ? joinHoles(loops, grid) : loops;
    contours.push(...drawn.map((points) => ({ sopInstanceUid, points })));
  });
  return contours;
}

function reaches(organ: Organ, grid: Acquisition, k: number): boolean {
  const centre = add(organ.centre, grid.isocentre);
  const distance = dot(subtract(centre, patientPoint(grid, 0, 0, k)), grid.normal);
  return Math.abs(distance) <= organ.reachMm;
}

function slicePlane(grid: Acquisition, k: number): TracedPlane {
  return {
    origin: patientPoint(grid, 0, 0, k),
    u: grid.rowCosine,
    v: grid.columnCosine,
    stepU: grid.spacing[0] / LATTICE_PER_VOXEL,
    stepV: grid.spacing[1] / LATTICE_PER_VOXEL,
    countU: (grid.columns - 1) * LATTICE_PER_VOXEL + 1,
    countV: (grid.rows - 1) * LATTICE_PER_VOXEL + 1,
  };
}

/** Joins each smaller loop that lies in the largest one to it, by a slit between their nearest vertices. */
function joinHoles(loops: Vec3[][], grid: Acquisition): Vec3[][] {
  const bySize = [...loops].sort((a, b) => Math.abs(areaOf(b, grid)) - Math.abs(areaOf(a, grid)));
  const [outer, ...rest] = bySize;
  if (outer === undefined) return [];
  const separate: Vec3[][] = [];
  let joined = outer;
  for (const loop of rest) {
    if (isInside(loop[0] as Vec3, outer, grid)) joined = slit(joined, opposite(loop, outer, grid));
    else separate.push(loop);
  }
  return [joined, ...separate];
}

/** The loop run the other way round than `outer`: only so does the joined polygon not cross itself. */
function opposite(loop: Vec3[], outer: Vec3[], grid: Acquisition): Vec3[] {
  const sameWay = Math.sign(areaOf(loop, grid)) === Math.sign(areaOf(outer, grid));
  return sameWay ? [...loop].reverse() : loop;
}

/** Outer loop up to the nearest vertex, once around the hole, back through the same slit, and on. */
function slit(outer: Vec3[], hole: Vec3[]): Vec3[] {
  let best = { distance: Number.POSITIVE_INFINITY, at: 0, from: 0 };
  outer.forEach((p, at) => {
    hole.forEach((q, from) => {
      const d = subtract(p, q);
      const distance = dot(d, d);
      if (distance < best.distance) best = { distance, at, from };
    });
  });
  const around = [...hole.slice(best.from), ...hole.slice(0, best.from + 1)];
  return [...outer.slice(0, best.at + 1), ...around, ...outer.slice(best.at)];
}

function flat(p: Vec3, grid: Acquisition): readonly [number, number] {
  return [dot(p, grid.rowCosine), dot(p, grid.columnCosine)];
}

/** Signed shoelace area, mm^2. */
export function areaOf(points: readonly Vec3[], grid: Acquisition): number {
  let twice = 0;
  points.forEach((point, at) => {
    const [x, y] = flat(point, grid);
    const [nextX, nextY] = flat(points[(at + 1) % points.length] as Vec3, grid);
    twice += x * nextY - nextX * y;
  });
  return twice / 2;
}

/** Even-odd test in the slice plane. */
function isInside(p: Vec3, polygon: readonly Vec3[], grid: Acquisition): boolean {
  const [x, y] = flat(p, grid);
  let inside = false;
  polygon.forEach((point, at) => {
    const [ax, ay] = flat(point, grid);
    const [bx, by] = flat(polygon[(at + 1) % polygon.length] as Vec3, grid);
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}
