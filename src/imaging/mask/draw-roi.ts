import type { Roi } from '../contour/structure-set.ts';
import { type DrawnPlane, drawingPerPlane, groupPlanes } from './contour-planes.ts';
import { type CrossPlaneStack, crossPlaneWindow, drawCrossPlanes, stackCrossPlanes } from './cross-plane.ts';
import { drawInPlane } from './draw-in-plane.ts';
import type { MaskTarget } from './mask-target.ts';
import { inPlaneOverhang, type Overhang, total } from './overhang.ts';
import { type PlacedContours, placeContours } from './place-contours.ts';
import { Rasteriser } from './rasterise.ts';
import type { ContourGap, DrawOptions, PaintSlice } from './region-source.ts';
import { addRuns, clearSliceMask, emptySliceMask, takeRuns } from './slice-mask.ts';
import { SliceRuns } from './slice-runs.ts';

/** What drawing the contours of one ROI found out; volumes in mm3. */
export interface RoiDrawing {
  readonly placed: PlacedContours;
  readonly planes: number;
  readonly volumeMm3: number;
  /** What plain parity would have given; present when contours partly cross and were joined. */
  readonly parityVolumeMm3?: number;
  readonly duplicates: number;
  /** Contours that share a slice with nearer ones and were not drawn. */
  readonly superseded: number;
  /** Largest distance along the normal of contours that were taken as one plane, in mm. */
  readonly spanMm: number;
  readonly overhang: Overhang;
  readonly gaps: readonly ContourGap[];
}

/** Draws one ROI slice by slice on the target grid. */
export function drawRoi(roi: Roi, target: MaskTarget, options: DrawOptions, paint: PaintSlice): RoiDrawing {
  const placed = placeContours(target, roi);
  const planes = groupPlanes(placed.inPlane, placed.planes, target.geometry.spacingMm[2]);
  const chosen = drawingPerPlane(planes, placed.planes);
  const contourCount = (of: readonly DrawnPlane[]) => of.reduce((sum, { contours }) => sum + contours, 0);
  const [columns, rows] = target.geometry.sizeIjk;
  const rasteriser = new Rasteriser(columns, rows);
  const drawn = {
    planes: chosen.map(({ plane, groups }) => ({
      plane,
      draw: (into: SliceRuns) => rasteriser.draw(into, groups),
    })),
    acquired: placed.planes,
    geometry: target.geometry,
  };
  const stack =
    placed.crossPlane.length === 0
      ? undefined
      : stackCrossPlanes(placed.crossPlane, target.geometry, placed.inPlane);
  const drawAlong = (paintAlong: PaintSlice) => drawInPlane(drawn, options, paintAlong);
  const gaps = stack === undefined ? drawAlong(paint) : drawBoth(drawAlong, stack, { placed, target }, paint);
  return {
    placed,
    planes: planes.length + (stack?.planes.length ?? 0),
    superseded: contourCount(planes) - contourCount(chosen),
    overhang: total([
      inPlaneOverhang(planes, target.geometry),
      ...(stack === undefined ? [] : [stack.overhang]),
    ]),
    spanMm: planes.reduce((most, { spanMm }) => Math.max(most, spanMm), 0),
    gaps,
    ...volumes(planes, stack, target),
  };
}

/** An ROI with contours across the slices and along them is the union of both; every slice is painted once. */
function drawBoth(
  drawAlong: (paint: PaintSlice) => ContourGap[],
  stack: CrossPlaneStack,
  { placed, target: { geometry } }: { readonly placed: PlacedContours; readonly target: MaskTarget },
  paint: PaintSlice,
): ContourGap[] {
  const [columns, rows] = geometry.sizeIjk;
  const along = new Map<number, SliceRuns>();
  const gaps = drawAlong((k, runs) => along.set(k, runs.clone()));
  const window = crossPlaneWindow(placed.crossPlane, stack, geometry);
  const mask = emptySliceMask(columns, rows);
  const both = new SliceRuns(columns, rows);
  for (let k = window.low[2]; k <= window.high[2]; k++) {
    clearSliceMask(mask);
    drawCrossPlanes(mask, k, stack, window);
    const other = along.get(k);
    if (other !== undefined) addRuns(mask, other);
    takeRuns(both, mask);
    paint(k, both);
    along.delete(k);
  }
  along.forEach((rest, k) => {
    paint(k, rest);
  });
  return gaps;
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
