import type { Roi } from '../contour/structure-set.ts';
import { type DrawnPlane, groupPlanes, planePerSlice } from './contour-planes.ts';
import { type CrossPlaneStack, crossPlaneWindow, drawCrossPlanes, stackCrossPlanes } from './cross-plane.ts';
import { interpolateSlice } from './interpolate-slices.ts';
import type { MaskTarget } from './mask-target.ts';
import { type PlacedContours, placeContours } from './place-contours.ts';
import { clearSliceMask, emptySliceMask, rasterise, type SliceMask } from './rasterise.ts';

/** A run of slices without contours between slices with contours. */
interface ContourGap {
  readonly firstSlice: number;
  readonly lastSlice: number;
  readonly filled: boolean;
}

/** What drawing one ROI found out; volumes in mm3. */
export interface RoiDrawing {
  readonly placed: PlacedContours;
  readonly planes: number;
  readonly volumeMm3: number;
  readonly parityVolumeMm3?: number;
  readonly duplicates: number;
  readonly gaps: readonly ContourGap[];
}

/** Receives each slice that holds voxels of the ROI; the mask is reused, so it must not be kept. */
export type PaintSlice = (k: number, mask: SliceMask) => void;

export interface DrawOptions {
  /** Longest stretch, in mm, that `gaps: interpolate` fills between two contours; 0 fills nothing. */
  readonly interpolateUpToMm: number;
}

/** Draws one ROI slice by slice on the target grid. */
export function drawRoi(roi: Roi, target: MaskTarget, options: DrawOptions, paint: PaintSlice): RoiDrawing {
  const placed = placeContours(target, roi);
  const [, , sliceGapMm] = target.geometry.spacingMm;
  const planes = groupPlanes(placed.inPlane, sliceGapMm);
  const stack =
    placed.crossPlane.length === 0 ? undefined : stackCrossPlanes(placed.crossPlane, target.geometry);
  const gaps = drawInPlane(planes, target, options, paint);
  if (stack !== undefined) drawStack(stack, placed, target, paint);
  return {
    placed,
    planes: planes.length + (stack?.planes.length ?? 0),
    gaps,
    ...volumes(planes, stack, target),
  };
}

function drawInPlane(
  planes: readonly DrawnPlane[],
  target: MaskTarget,
  { interpolateUpToMm }: DrawOptions,
  paint: PaintSlice,
): ContourGap[] {
  const [columns, rows] = target.geometry.sizeIjk;
  const [columnGap, rowGap, sliceGapMm] = target.geometry.spacingMm;
  const bySlice = [...planePerSlice(planes)].sort(([a], [b]) => a - b);
  const gaps: ContourGap[] = [];
  let current = emptySliceMask(columns, rows);
  let previous = emptySliceMask(columns, rows);
  let lower: number | undefined;
  for (const [slice, plane] of bySlice) {
    clearSliceMask(current);
    rasterise(current, plane.groups);
    paint(slice, current);
    if (lower !== undefined && slice - lower > 1) {
      const filled = (slice - lower) * sliceGapMm <= interpolateUpToMm;
      gaps.push({ firstSlice: lower + 1, lastSlice: slice - 1, filled });
      if (filled) fillGap({ lower, upper: slice, previous, current, spacing: [columnGap, rowGap] }, paint);
    }
    [previous, current] = [current, previous];
    lower = slice;
  }
  return gaps;
}

interface GapToFill {
  readonly lower: number;
  readonly upper: number;
  readonly previous: SliceMask;
  readonly current: SliceMask;
  readonly spacing: readonly [number, number];
}

function fillGap({ lower, upper, previous, current, spacing }: GapToFill, paint: PaintSlice): void {
  for (let k = lower + 1; k < upper; k++) {
    const between = emptySliceMask(current.columns, current.rows);
    interpolateSlice(previous, current, (k - lower) / (upper - lower), spacing, between);
    paint(k, between);
  }
}

function drawStack(
  stack: CrossPlaneStack,
  { crossPlane }: PlacedContours,
  { geometry }: MaskTarget,
  paint: PaintSlice,
): void {
  const [columns, rows] = geometry.sizeIjk;
  const window = crossPlaneWindow(crossPlane, stack, geometry);
  const mask = emptySliceMask(columns, rows);
  for (let k = window.low[2]; k <= window.high[2]; k++) {
    clearSliceMask(mask);
    drawCrossPlanes(mask, k, stack, window, geometry);
    paint(k, mask);
  }
}

function volumes(
  planes: readonly DrawnPlane[],
  stack: CrossPlaneStack | undefined,
  { geometry }: MaskTarget,
) {
  const pixelMm2 = geometry.spacingMm[0] * geometry.spacingMm[1];
  const sum = (area: (plane: DrawnPlane) => number) =>
    planes.reduce((total, plane) => total + area(plane) * pixelMm2 * plane.thicknessMm, 0);
  const crossing =
    stack?.parityVolumeMm3 !== undefined || planes.some(({ parityAreaPx }) => parityAreaPx !== undefined);
  const parity =
    sum(({ areaPx, parityAreaPx }) => parityAreaPx ?? areaPx) +
    (stack?.parityVolumeMm3 ?? stack?.volumeMm3 ?? 0);
  return {
    volumeMm3: sum(({ areaPx }) => areaPx) + (stack?.volumeMm3 ?? 0),
    ...(crossing ? { parityVolumeMm3: parity } : {}),
    duplicates: planes.reduce((total, plane) => total + plane.duplicates, 0) + (stack?.duplicates ?? 0),
  };
}
