import { PipelineError } from '../../contracts/errors.ts';
import { applyAffine, invertAffine } from '../geometry/affine.ts';
import { column, cross, dot, normalise, type Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import { type ArrangedPlane, arrangePlane } from './arrange-plane.ts';
import { pointAt } from './contour-plane.ts';
import type { CrossPlaneContour } from './place-contours.ts';
import { toPolygon } from './polygon.ts';
import { insideGroups, type LookupGroup, prepareLookup } from './polygon-lookup.ts';
import type { SliceMask } from './rasterise.ts';

/** Parallel planes that cut through the slices, such as sagittal drawings on an axial series. */
export interface CrossPlaneStack {
  readonly planes: readonly CrossPlane[];
  /** Volume by the contours: sum of plane areas times plane distance, in mm3. */
  readonly volumeMm3: number;
  /** The same by plain parity, when partly crossing contours were joined by union. */
  readonly parityVolumeMm3?: number;
  readonly duplicates: number;
  readonly axes: readonly [u: Vec3, v: Vec3, normal: Vec3];
  /** Each plane covers this much either side of itself, in mm. */
  readonly halfGapMm: number;
}

interface CrossPlane {
  readonly distanceMm: number;
  readonly groups: readonly LookupGroup[];
  readonly arranged: ArrangedPlane;
}

const PARALLEL_COSINE = 0.9998;
const SAME_PLANE_MM = 0.01;

/**
 * Sorts contours that are not parallel to the slices into one stack of planes.
 *
 * @throws MalformedContour when their planes are not parallel to each other, since then no stack describes a body
 */
export function stackCrossPlanes(
  contours: readonly CrossPlaneContour[],
  geometry: VolumeGeometry,
): CrossPlaneStack {
  const axes = planeAxes(contours, geometry);
  const [u, v, normal] = axes;
  const groups = groupByDistance(contours, normal);
  const halfGapMm =
    planeGap(
      groups.map((group) => group.distanceMm),
      normal,
      geometry,
    ) / 2;
  const planes = groups.map(({ distanceMm, members }) => {
    const arranged = arrangePlane(
      members.map(({ pointsLps, xor }) => ({ polygon: project(pointsLps, u, v), xor })),
    );
    return { distanceMm, arranged, groups: arranged.groups.map((group) => group.map(prepareLookup)) };
  });
  const crossing = planes.some(({ arranged }) => arranged.parityAreaPx !== undefined);
  const sum = (area: (plane: ArrangedPlane) => number) =>
    planes.reduce((total, { arranged }) => total + area(arranged) * 2 * halfGapMm, 0);
  return {
    planes,
    volumeMm3: sum(({ areaPx }) => areaPx),
    ...(crossing ? { parityVolumeMm3: sum(({ areaPx, parityAreaPx }) => parityAreaPx ?? areaPx) } : {}),
    duplicates: planes.reduce((total, { arranged }) => total + arranged.duplicates, 0),
    axes,
    halfGapMm,
  };
}

/** Voxels that a stack can reach, by index, corners inclusive; empty when a low exceeds its high. */
export interface VoxelWindow {
  readonly low: Vec3;
  readonly high: Vec3;
}

/** The box of all contours, widened by what the outermost planes cover beyond themselves. */
export function crossPlaneWindow(
  contours: readonly CrossPlaneContour[],
  { halfGapMm }: CrossPlaneStack,
  { affineIjkToLps, sizeIjk, spacingMm }: VolumeGeometry,
): VoxelWindow {
  const toIjk = invertAffine(affineIjkToLps);
  const low = [0, 0, 0].fill(Number.POSITIVE_INFINITY) as [number, number, number];
  const high = [0, 0, 0].fill(Number.NEGATIVE_INFINITY) as [number, number, number];
  for (const { pointsLps } of contours) {
    for (let index = 0; index < pointsLps.length / 3; index++) {
      applyAffine(toIjk, pointAt(pointsLps, index)).forEach((value, axis) => {
        low[axis] = Math.min(low[axis] as number, value);
        high[axis] = Math.max(high[axis] as number, value);
      });
    }
  }
  const reach = (axis: number) => halfGapMm / (spacingMm[axis] as number);
  return {
    low: low.map((value, axis) => Math.max(0, Math.floor(value - reach(axis)))) as unknown as Vec3,
    high: high.map((value, axis) =>
      Math.min((sizeIjk[axis] as number) - 1, Math.ceil(value + reach(axis))),
    ) as unknown as Vec3,
  };
}

/** Marks the voxels of slice k whose centre lies inside the plane nearest to it. */
export function drawCrossPlanes(
  mask: SliceMask,
  k: number,
  stack: CrossPlaneStack,
  { low, high }: VoxelWindow,
  geometry: VolumeGeometry,
): void {
  const [u, v, normal] = stack.axes;
  for (let row = low[1]; row <= high[1]; row++) {
    for (let col = low[0]; col <= high[0]; col++) {
      const centre = applyAffine(geometry.affineIjkToLps, [col, row, k]);
      const plane = nearestPlane(stack, dot(centre, normal));
      if (plane === undefined || !insideGroups(plane.groups, dot(centre, u), dot(centre, v))) continue;
      mask.bits[row * mask.columns + col] = 1;
    }
  }
  mask.box = { minColumn: low[0], maxColumn: high[0], minRow: low[1], maxRow: high[1] };
}

function nearestPlane({ planes, halfGapMm }: CrossPlaneStack, distanceMm: number): CrossPlane | undefined {
  let [low, high] = [0, planes.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((planes[middle]?.distanceMm ?? 0) < distanceMm) low = middle + 1;
    else high = middle;
  }
  const candidates = [planes[low - 1], planes[low]].filter((plane) => plane !== undefined);
  const off = (plane: CrossPlane) => Math.abs(plane.distanceMm - distanceMm);
  const nearest = candidates.reduce((best, plane) => (off(plane) < off(best) - 1e-6 ? plane : best));
  return off(nearest) <= halfGapMm + 1e-6 ? nearest : undefined;
}

function planeAxes(contours: readonly CrossPlaneContour[], geometry: VolumeGeometry): [Vec3, Vec3, Vec3] {
  const [first] = contours as [CrossPlaneContour];
  const normal = first.contourPlane.normalLps;
  const tilted = contours.find(
    ({ contourPlane }) => Math.abs(dot(contourPlane.normalLps, normal)) < PARALLEL_COSINE,
  );
  if (tilted !== undefined) {
    throw new PipelineError(
      'MalformedContour',
      'contours of one region lie in planes that are neither parallel to the slices nor to each other; ' +
        'draw the region on images of one orientation',
      { contours: contours.length },
    );
  }
  const helper = [0, 1, 2]
    .map((axis) => column(geometry.directionLps, axis as 0 | 1 | 2))
    .reduce((best, axis) => (Math.abs(dot(axis, normal)) < Math.abs(dot(best, normal)) ? axis : best));
  const u = normalise(cross(helper, normal));
  return [u, cross(normal, u), normal];
}

function groupByDistance(contours: readonly CrossPlaneContour[], normal: Vec3) {
  const groups: { distanceMm: number; members: CrossPlaneContour[] }[] = [];
  const placed = contours.map((contour) => ({
    contour,
    distanceMm: dot(contour.contourPlane.centreLps, normal),
  }));
  for (const { contour, distanceMm } of placed.sort((a, b) => a.distanceMm - b.distanceMm)) {
    const group = groups.at(-1);
    if (group !== undefined && distanceMm - group.distanceMm <= SAME_PLANE_MM) group.members.push(contour);
    else groups.push({ distanceMm, members: [contour] });
  }
  return groups;
}

/** Median distance of neighbouring planes; a lone plane is as thick as the voxels are in its direction. */
function planeGap(
  distancesMm: readonly number[],
  normal: Vec3,
  { directionLps, spacingMm }: VolumeGeometry,
): number {
  const gaps = distancesMm.slice(1).map((distance, index) => distance - (distancesMm[index] ?? 0));
  const sorted = gaps.sort((a, b) => a - b);
  const voxelDepth = spacingMm.reduce(
    (sum, spacing, axis) => sum + spacing * Math.abs(dot(column(directionLps, axis as 0 | 1 | 2), normal)),
    0,
  );
  return sorted[Math.floor(sorted.length / 2)] ?? voxelDepth;
}

function project(pointsLps: Float64Array, u: Vec3, v: Vec3) {
  const xy: number[] = [];
  for (let index = 0; index < pointsLps.length / 3; index++) {
    const point = pointAt(pointsLps, index);
    xy.push(dot(point, u), dot(point, v));
  }
  return toPolygon(xy);
}
