import { type ArrangedPlane, arrangePlane } from './arrange-plane.ts';
import type { InPlaneContour } from './place-contours.ts';

/** All contours of one ROI in one plane parallel to the slices. */
export interface DrawnPlane extends ArrangedPlane {
  readonly slice: number;
  /** Position along k, in slices. */
  readonly k: number;
  /** How much of the slice axis the plane stands for, in mm: half way to its neighbours, at most half a slice each. */
  readonly thicknessMm: number;
}

/** Contours closer than this along the normal were drawn in one plane; files round positions to 0.01 mm. */
const SAME_PLANE_MM = 0.01;
const SAME_PLANE_SLICES = 0.01;

/** Groups contours into planes, ascending along k. */
export function groupPlanes(contours: readonly InPlaneContour[], sliceGapMm: number): DrawnPlane[] {
  const tolerance = Math.max(SAME_PLANE_MM / sliceGapMm, SAME_PLANE_SLICES);
  const groups: InPlaneContour[][] = [];
  for (const contour of contours.toSorted((a, b) => a.slice - b.slice || a.k - b.k)) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    const samePlane =
      first !== undefined && first.slice === contour.slice && contour.k - first.k <= tolerance;
    if (samePlane) group?.push(contour);
    else groups.push([contour]);
  }
  const positions = groups.map((group) => group.reduce((sum, { k }) => sum + k, 0) / group.length);
  return groups.map((group, index) => ({
    ...arrangePlane(group),
    slice: group[0]?.slice ?? 0,
    k: positions[index] ?? 0,
    thicknessMm: planeThickness(positions, index) * sliceGapMm,
  }));
}

/** The plane that fills each slice: the nearest; of two equally near ones the lower. */
export function planePerSlice(planes: readonly DrawnPlane[]): Map<number, DrawnPlane> {
  const nearest = new Map<number, DrawnPlane>();
  for (const plane of planes) {
    const rival = nearest.get(plane.slice);
    const off = Math.abs(plane.k - plane.slice);
    if (rival === undefined || off < Math.abs(rival.k - rival.slice) - 1e-6) nearest.set(plane.slice, plane);
  }
  return nearest;
}

/** In slices; a plane at either end reaches as far outwards as inwards. */
function planeThickness(positions: readonly number[], index: number): number {
  const at = positions[index] ?? 0;
  const below = positions[index - 1];
  const above = positions[index + 1];
  const half = (neighbour: number | undefined) =>
    neighbour === undefined ? undefined : Math.min(0.5, Math.abs(neighbour - at) / 2);
  const [down, up] = [half(below), half(above)];
  return (down ?? up ?? 0.5) + (up ?? down ?? 0.5);
}
