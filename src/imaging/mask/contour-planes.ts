import type { AcquiredPlanes } from './acquired-planes.ts';
import { type ArrangedPlane, arrangePlane } from './arrange-plane.ts';
import type { InPlaneContour } from './place-contours.ts';

/** All contours of one ROI in one plane parallel to the slices. */
export interface DrawnPlane extends ArrangedPlane {
  /** The acquired plane they belong to. */
  readonly plane: number;
  /** Where they lie along k, in slices of the grid. */
  readonly k: number;
  /** How much of the slice axis the plane stands for, in mm: half way to its neighbours, at most half a slice each. */
  readonly thicknessMm: number;
}

/** Contours closer than this along the normal were drawn in one plane; files round positions to 0.01 mm. */
const SAME_PLANE_MM = 0.01;
const SAME_PLANE_SLICES = 0.01;

/** Groups contours into planes, ascending along k. */
export function groupPlanes(
  contours: readonly InPlaneContour[],
  acquired: AcquiredPlanes,
  sliceGapMm: number,
): DrawnPlane[] {
  const tolerance = Math.max(SAME_PLANE_MM / sliceGapMm, SAME_PLANE_SLICES);
  const groups: InPlaneContour[][] = [];
  for (const contour of contours.toSorted((a, b) => a.plane - b.plane || a.k - b.k)) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    const samePlane =
      first !== undefined && first.plane === contour.plane && contour.k - first.k <= tolerance;
    if (samePlane) group?.push(contour);
    else groups.push([contour]);
  }
  const positions = groups.map((group) => ({
    k: group.reduce((sum, { k }) => sum + k, 0) / group.length,
    plane: group[0]?.plane ?? 0,
  }));
  return groups.map((group, index) => ({
    ...arrangePlane(group),
    ...(positions[index] ?? { k: 0, plane: 0 }),
    thicknessMm: planeThickness(positions, index, acquired) * sliceGapMm,
  }));
}

/** What fills each acquired plane: the nearest contours; of two equally near ones the lower. */
export function drawingPerPlane(planes: readonly DrawnPlane[], { ks }: AcquiredPlanes): DrawnPlane[] {
  const nearest = new Map<number, DrawnPlane>();
  const distance = ({ k, plane }: DrawnPlane) => Math.abs(k - (ks[plane] as number));
  for (const plane of planes) {
    const rival = nearest.get(plane.plane);
    if (rival === undefined || distance(plane) < distance(rival) - 1e-6) nearest.set(plane.plane, plane);
  }
  return [...nearest.values()].sort((a, b) => a.plane - b.plane);
}

interface PlanePosition {
  readonly k: number;
  readonly plane: number;
}

/** In slices; a plane at either end reaches as far outwards as inwards. */
function planeThickness(
  positions: readonly PlanePosition[],
  index: number,
  { reach }: AcquiredPlanes,
): number {
  const { k, plane } = positions[index] ?? { k: 0, plane: 0 };
  const half = (neighbour: PlanePosition | undefined, direction: 'down' | 'up') =>
    neighbour && Math.min(reach(plane, direction), Math.abs(neighbour.k - k) / 2);
  const down = half(positions[index - 1], 'down');
  const up = half(positions[index + 1], 'up');
  return (down ?? up ?? reach(plane, 'down')) + (up ?? down ?? reach(plane, 'up'));
}
