import { PipelineError } from '../../contracts/errors.ts';
import { applyAffine, invertAffine } from '../geometry/affine.ts';
import { add, column, cross, dot, normalise, scale, type Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import { type ArrangedPlane, arrangePlane } from './arrange-plane.ts';
import { PARALLEL_COSINE, PLANARITY_TOLERANCE_MM, pointAt, sliceNormal } from './contour-plane.ts';
import { type CrossPlaneFrame, crossPlaneFrame } from './cross-plane-frame.ts';
import { crossPlaneOverhang, type Overhang, total } from './overhang.ts';
import type { CrossPlaneContour, InPlaneContour } from './place-contours.ts';
import { roundPixel, toPolygon } from './polygon.ts';
import { insideGroups, type LookupGroup, prepareLookup } from './polygon-lookup.ts';
import type { SliceMask } from './slice-mask.ts';

/** Parallel planes that cut through the slices, such as sagittal drawings on an axial series. */
export interface CrossPlaneStack {
  /** Ascending along z. */
  readonly planes: readonly CrossPlane[];
  /** Volume by the contours: sum of plane areas times what each plane covers, in mm3. */
  readonly volumeMm3: number;
  /** The same by plain parity, when partly crossing contours were joined by union. */
  readonly parityVolumeMm3?: number;
  readonly duplicates: number;
  readonly overhang: Overhang;
  readonly frame: CrossPlaneFrame;
}

interface CrossPlane {
  readonly z: number;
  /** What the plane covers along z, the lower end included and the upper one not. */
  readonly from: number;
  readonly to: number;
  readonly groups: readonly LookupGroup[];
  readonly arranged: ArrangedPlane;
}

/** Neighbours this many times the usual distance apart still meet half way: their positions are rounded. */
const MEETING_GAPS = 1.5;

/**
 * Sorts contours that are not parallel to the slices into one stack of planes.
 *
 * Every plane reaches half way to its neighbours; at either end, and where planes are left out, half the usual distance. A
 * lone plane is as deep as the voxels are in its direction. The lower end belongs to a plane and the upper does not, so
 * that a plane half way between two voxels fills the one of lower index.
 *
 * @param along - the region's contours in the slices, for how far apart planes lie that only lean out of them
 * @throws MalformedContour when their planes are not parallel to each other, since then no stack describes a body
 */
export function stackCrossPlanes(
  contours: readonly CrossPlaneContour[],
  geometry: VolumeGeometry,
  along: readonly InPlaneContour[] = [],
): CrossPlaneStack {
  const normal = commonNormal(contours, geometry);
  const frame = crossPlaneFrame(normal, geometry);
  const groups = groupByHeight(contours, frame);
  const heights = groups.map(({ z }) => z);
  const leaning = Math.abs(dot(normal, sliceNormal(geometry))) >= PARALLEL_COSINE;
  const gap = usualGap(leaning ? [...heights, ...along.map(({ k }) => k)] : heights, frame);
  const planes = groups.map(({ members }, index) => {
    const arranged = arrangePlane(
      members.map((contour) => ({ polygon: project(contour, frame), xor: contour.xor })),
    );
    const ends = coverage(heights, index, gap);
    return {
      ...ends,
      z: heights[index] as number,
      arranged,
      groups: arranged.groups.map((group) => group.map(prepareLookup)),
    };
  });
  return { planes, frame, overhang: overhangOf(planes, frame, geometry), ...measure(planes, frame) };
}

function overhangOf(
  planes: readonly CrossPlane[],
  { toIjk, unitMm }: CrossPlaneFrame,
  geometry: VolumeGeometry,
): Overhang {
  const pixelMm2 = unitMm[0] * unitMm[1];
  return total(
    planes.map(({ arranged, z }) => crossPlaneOverhang(arranged, { toIjk, z, pixelMm2 }, geometry)),
  );
}

function measure(planes: readonly CrossPlane[], { unitMm }: CrossPlaneFrame) {
  const voxelMm3 = unitMm[0] * unitMm[1] * unitMm[2];
  const sum = (area: (plane: ArrangedPlane) => number) =>
    planes.reduce((total, { arranged, from, to }) => total + area(arranged) * (to - from) * voxelMm3, 0);
  const crossing = planes.some(({ arranged }) => arranged.parityAreaPx !== undefined);
  return {
    volumeMm3: sum(({ areaPx }) => areaPx),
    ...(crossing ? { parityVolumeMm3: sum(({ areaPx, parityAreaPx }) => parityAreaPx ?? areaPx) } : {}),
    duplicates: planes.reduce((total, { arranged }) => total + arranged.duplicates, 0),
  };
}

/** Voxels that a stack can reach, by index, corners inclusive; empty when a low exceeds its high. */
export interface VoxelWindow {
  readonly low: Vec3;
  readonly high: Vec3;
}

/** The box of all contours, widened by what the planes cover beyond themselves. */
export function crossPlaneWindow(
  contours: readonly CrossPlaneContour[],
  { planes, frame }: CrossPlaneStack,
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
  const depthMm = planes.reduce((most, { from, to }) => Math.max(most, to - from), 0) * frame.unitMm[2];
  const reach = (axis: number) => depthMm / (spacingMm[axis] as number);
  return {
    low: low.map((value, axis) => Math.max(0, Math.floor(value - reach(axis)))) as unknown as Vec3,
    high: high.map((value, axis) =>
      Math.min((sizeIjk[axis] as number) - 1, Math.ceil(value + reach(axis))),
    ) as unknown as Vec3,
  };
}

/** Marks the voxels of slice k whose centre lies inside the plane that covers it. */
export function drawCrossPlanes(
  mask: SliceMask,
  k: number,
  { planes, frame }: CrossPlaneStack,
  { low, high }: VoxelWindow,
): void {
  const m = invertAffine(frame.toIjk);
  for (let row = low[1]; row <= high[1]; row++) {
    for (let col = low[0]; col <= high[0]; col++) {
      const plane = planeAt(planes, roundPixel(m[8] * col + m[9] * row + m[10] * k + m[11]));
      if (plane === undefined) continue;
      const x = m[0] * col + m[1] * row + m[2] * k + m[3];
      const y = m[4] * col + m[5] * row + m[6] * k + m[7];
      if (insideGroups(plane.groups, x, y)) mask.bits[row * mask.columns + col] = 1;
    }
  }
  mask.box = { minColumn: low[0], maxColumn: high[0], minRow: low[1], maxRow: high[1] };
}

function planeAt(planes: readonly CrossPlane[], z: number): CrossPlane | undefined {
  let [low, high] = [0, planes.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((planes[middle] as CrossPlane).from <= z) low = middle;
    else high = middle - 1;
  }
  const plane = planes[low];
  return plane !== undefined && plane.from <= z && z < plane.to ? plane : undefined;
}

/**
 * Normal of all planes together, the larger contours counting for more; that of the grid's own planes where every contour
 * keeps to one of them as well as a contour has to keep to its own.
 */
function commonNormal(contours: readonly CrossPlaneContour[], { directionLps }: VolumeGeometry): Vec3 {
  const planes = contours.map(({ contourPlane }) => contourPlane);
  const largest = planes.reduce((best, plane) => (plane.areaMm2 > best.areaMm2 ? plane : best));
  const turned = planes.map(({ normalLps, areaMm2 }) =>
    scale(normalLps, dot(normalLps, largest.normalLps) < 0 ? -areaMm2 : areaMm2),
  );
  const normal = normalise(turned.reduce(add));
  if (planes.some(({ normalLps }) => Math.abs(dot(normalLps, normal)) < PARALLEL_COSINE)) {
    throw new PipelineError(
      'MalformedContour',
      'contours of one region lie in planes that are neither parallel to the slices nor to each other; ' +
        'draw the region on images of one orientation',
      { contours: contours.length },
    );
  }
  const axes = ([0, 1, 2] as const).map((axis) => {
    const [a, b] = [
      column(directionLps, ((axis + 1) % 3) as 0 | 1 | 2),
      column(directionLps, ((axis + 2) % 3) as 0 | 1 | 2),
    ];
    return normalise(cross(a, b));
  });
  return axes.find((axis) => contours.every((contour) => keepsTo(contour, axis))) ?? normal;
}

function keepsTo({ pointsLps, contourPlane }: CrossPlaneContour, normal: Vec3): boolean {
  const height = dot(contourPlane.centreLps, normal);
  for (let index = 0; index < pointsLps.length / 3; index++) {
    if (Math.abs(dot(pointAt(pointsLps, index), normal) - height) > PLANARITY_TOLERANCE_MM) return false;
  }
  return true;
}

/** Contours within the tolerance of a plane, or a fifth of a voxel where voxels are finer, are one plane. */
function groupByHeight(contours: readonly CrossPlaneContour[], { fromLps, unitMm }: CrossPlaneFrame) {
  const tolerance = Math.min(PLANARITY_TOLERANCE_MM / unitMm[2], 0.2);
  const groups: { z: number; members: CrossPlaneContour[] }[] = [];
  const placed = contours.map((contour) => ({
    contour,
    z: applyAffine(fromLps, contour.contourPlane.centreLps)[2],
  }));
  for (const { contour, z } of placed.sort((a, b) => a.z - b.z)) {
    const group = groups.at(-1);
    if (group !== undefined && z - group.z < tolerance) group.members.push(contour);
    else groups.push({ z, members: [contour] });
  }
  return groups;
}

/** Median distance of neighbouring planes, along z; a lone plane is as deep as a voxel. */
function usualGap(heights: readonly number[], { voxelDepth, unitMm }: CrossPlaneFrame): number {
  const ascending = heights.toSorted((a, b) => a - b);
  const gaps = ascending
    .slice(1)
    .map((height, index) => height - (ascending[index] as number))
    .filter((gap) => gap * unitMm[2] >= PLANARITY_TOLERANCE_MM)
    .sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? voxelDepth;
}

function coverage(heights: readonly number[], index: number, gap: number) {
  const z = heights[index] as number;
  const end = (neighbour: number | undefined, direction: 1 | -1) => {
    const meets = neighbour !== undefined && Math.abs(neighbour - z) <= MEETING_GAPS * gap;
    return roundPixel(meets ? (z + neighbour) / 2 : z + (direction * gap) / 2);
  };
  return { from: end(heights[index - 1], -1), to: end(heights[index + 1], 1) };
}

function project({ pointsLps }: CrossPlaneContour, { fromLps }: CrossPlaneFrame) {
  const xy: number[] = [];
  for (let index = 0; index < pointsLps.length / 3; index++) {
    const [x, y] = applyAffine(fromLps, pointAt(pointsLps, index));
    xy.push(x, y);
  }
  return toPolygon(xy);
}
