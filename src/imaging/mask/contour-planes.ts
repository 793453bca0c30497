import type { AcquiredPlanes } from './acquired-planes.ts';
import { type ArrangedPlane, arrangePlane } from './arrange-plane.ts';
import { PLANARITY_TOLERANCE_MM } from './contour-plane.ts';
import type { InPlaneContour } from './place-contours.ts';

/** All contours of one ROI in one plane parallel to the slices. */
export interface DrawnPlane extends ArrangedPlane {
  /** The acquired plane they belong to. */
  readonly plane: number;
  /** Where they lie along k, in slices of the grid. */
  readonly k: number;
  readonly contours: number;
  /** Distance of its lowest contour from its highest, in mm. */
  readonly spanMm: number;
  /** How much of the slice axis the plane stands for, in mm: half way to its neighbours, at most half a slice each. */
  readonly thicknessMm: number;
}

/**
 * Contours that lie apart by this share of a slice are sections of their own, whatever image they name: planning systems
 * save contours on planes two to five times as fine as the images, each with the name of the nearest image, and two such
 * outlines must not be taken for a region and its hole.
 */
const FINER_PLANES = 0.2;
const ROUNDING_MM = 1e-6;

/**
 * Groups contours into planes, ascending along k: those within {@link PLANARITY_TOLERANCE_MM} of each other on one acquired
 * plane, and those that name one image, as long as they lie within a fifth of a slice.
 */
export function groupPlanes(
  contours: readonly InPlaneContour[],
  acquired: AcquiredPlanes,
  sliceGapMm: number,
): DrawnPlane[] {
  const groups = groupContours(contours, sliceGapMm);
  const positions = groups.map((group) => ({
    k: group.reduce((sum, { k }) => sum + k, 0) / group.length,
    plane: group[0]?.plane ?? 0,
  }));
  return groups.map((group, index) => ({
    ...arrangePlane(group),
    ...(positions[index] ?? { k: 0, plane: 0 }),
    contours: group.length,
    spanMm: ((group.at(-1)?.k ?? 0) - (group[0]?.k ?? 0)) * sliceGapMm,
    thicknessMm: planeThickness(positions, index, acquired) * sliceGapMm,
  }));
}

function groupContours(contours: readonly InPlaneContour[], sliceGapMm: number): InPlaneContour[][] {
  const groups: InPlaneContour[][] = [];
  let open: InPlaneContour[][] = [];
  for (const contour of contours.toSorted((a, b) => a.plane - b.plane || a.k - b.k)) {
    if (open[0]?.[0]?.plane !== contour.plane) open = [];
    const group = open.find(([first]) => first !== undefined && shareAPlane(first, contour, sliceGapMm));
    if (group !== undefined) group.push(contour);
    else {
      open.push([contour]);
      groups.push(open.at(-1) as InPlaneContour[]);
    }
  }
  return groups;
}

/** Both on one acquired plane. */
function shareAPlane(first: InPlaneContour, contour: InPlaneContour, sliceGapMm: number): boolean {
  const apartMm = (contour.k - first.k) * sliceGapMm + ROUNDING_MM;
  const finerMm = FINER_PLANES * sliceGapMm;
  const sameImage = first.image !== undefined && first.image === contour.image;
  return apartMm < (sameImage ? finerMm : Math.min(finerMm, PLANARITY_TOLERANCE_MM));
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
