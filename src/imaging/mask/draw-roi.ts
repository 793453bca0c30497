import type { Roi } from '../contour/structure-set.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import { type DrawnPlane, drawingPerPlane, groupPlanes } from './contour-planes.ts';
import { type CrossPlaneStack, crossPlaneWindow, drawCrossPlanes, stackCrossPlanes } from './cross-plane.ts';
import { drawInPlane, type PlaneDrawing } from './draw-in-plane.ts';
import type { MaskTarget } from './mask-target.ts';
import { inPlaneOverhang, type Overhang, total } from './overhang.ts';
import { type PlacedContours, placeContours } from './place-contours.ts';
import { Rasteriser } from './rasterise.ts';
import type { ContourGap, DrawnSlice, DrawOptions } from './region-source.ts';
import { addRuns, scratchMasks, takeRuns } from './slice-mask.ts';
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

/** An ROI of which all is known but its voxels. */
export interface PreparedRoi {
  readonly drawing: RoiDrawing;
  /** Draws the slices that may hold voxels, ascending, each once. */
  readonly slices: () => Iterable<DrawnSlice>;
}

/** Finds the planes of an ROI's contours; its slices are drawn when they are asked for. */
export function prepareRoi(roi: Roi, target: MaskTarget, options: DrawOptions): PreparedRoi {
  const { geometry } = target;
  const placed = placeContours(target, roi);
  const planes = groupPlanes(placed.inPlane, placed.planes, geometry.spacingMm[2]);
  const chosen = drawingPerPlane(planes, placed.planes);
  const contourCount = (of: readonly DrawnPlane[]) => of.reduce((sum, { contours }) => sum + contours, 0);
  const along = drawInPlane(
    { planes: rasterised(chosen, geometry), acquired: placed.planes, geometry },
    options,
  );
  const stack =
    placed.crossPlane.length === 0
      ? undefined
      : stackCrossPlanes(placed.crossPlane, geometry, placed.inPlane);
  const drawing = {
    placed,
    planes: planes.length + (stack?.planes.length ?? 0),
    superseded: contourCount(planes) - contourCount(chosen),
    overhang: total([inPlaneOverhang(planes, geometry), ...(stack === undefined ? [] : [stack.overhang])]),
    spanMm: planes.reduce((most, { spanMm }) => Math.max(most, spanMm), 0),
    gaps: along.gaps,
    ...volumes(planes, stack, target),
  };
  const slices =
    stack === undefined ? along.slices : () => drawBoth(along.slices(), stack, { placed, geometry });
  return { drawing, slices };
}

/** Drawn now, because the runs of a slice take an eighth of the memory that its outlines do. */
function rasterised(
  planes: readonly DrawnPlane[],
  { sizeIjk: [columns, rows] }: VolumeGeometry,
): PlaneDrawing[] {
  const rasteriser = new Rasteriser(columns, rows);
  const drawn = new SliceRuns(columns, rows);
  return planes.map(({ plane, groups }) => {
    rasteriser.draw(drawn, groups);
    const runs = drawn.clone();
    return { plane, draw: (into) => into.copy(runs) };
  });
}

/** An ROI with contours across the slices and along them is the union of both. */
function* drawBoth(
  slicesAlong: Iterable<DrawnSlice>,
  stack: CrossPlaneStack,
  { placed, geometry }: { readonly placed: PlacedContours; readonly geometry: VolumeGeometry },
): Generator<DrawnSlice> {
  const [columns, rows] = geometry.sizeIjk;
  const along = new Map<number, SliceRuns>();
  for (const [k, runs] of slicesAlong) along.set(k, runs.clone());
  const window = crossPlaneWindow(placed.crossPlane, stack, geometry);
  const both = new SliceRuns(columns, rows);
  const slices = [...along.keys(), window.low[2], window.high[2]];
  const last = Math.max(...slices);
  for (let k = Math.min(...slices); k <= last; k++) {
    const own = along.get(k);
    const crossed = k >= window.low[2] && k <= window.high[2];
    if (own === undefined && !crossed) continue;
    const [mask] = scratchMasks(columns, rows);
    if (crossed) drawCrossPlanes(mask, k, stack, window);
    if (own !== undefined) addRuns(mask, own);
    takeRuns(both, mask);
    yield [k, both];
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
