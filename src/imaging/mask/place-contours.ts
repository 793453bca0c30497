import { PipelineError } from '../../contracts/errors.ts';
import type { Contour, Roi } from '../contour/structure-set.ts';
import { applyAffine, invertAffine, type Mat4 } from '../geometry/affine.ts';
import { type ContourPlane, fitContourPlane, PLANARITY_TOLERANCE_MM, pointAt } from './contour-plane.ts';
import type { MaskTarget } from './mask-target.ts';
import { type Polygon, roundPixel, toPolygon, vertexCount } from './polygon.ts';

/** A contour parallel to the slices, in stored column/row space of its slice. */
export interface InPlaneContour {
  readonly polygon: Polygon;
  readonly xor: boolean;
  /** Where the contour lies along k, in slices; `slice` is the one it belongs to. */
  readonly k: number;
  readonly slice: number;
}

/** A contour in a plane that cuts through the slices. */
export interface CrossPlaneContour {
  readonly pointsLps: Float64Array;
  readonly plane: ContourPlane;
  readonly xor: boolean;
}

export interface PlacedContours {
  readonly inPlane: readonly InPlaneContour[];
  readonly crossPlane: readonly CrossPlaneContour[];
  /** Contours farther than half a slice beyond the first or last slice. */
  readonly outside: number;
  /** Contours of fewer than three different points. */
  readonly degenerate: number;
  /** Contours whose type encloses nothing (POINT, OPEN_PLANAR, OPEN_NONPLANAR, or one that we do not know). */
  readonly unfilled: number;
}

const FILLED_TYPES = ['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR', 'CLOSED_PLANAR_XOR'];
const SLICE_TIE = 1e-6;

type Placement = InPlaneContour | CrossPlaneContour | 'outside' | 'degenerate' | 'unfilled';

/**
 * Finds each contour's slice: by the image it names first, by its position along the slice normal otherwise.
 *
 * Points go through the volume's full affine, so oblique volumes are no special case.
 *
 * @throws ContourOffPlane when the named image and the position disagree by more than half a slice
 * @throws ReferencedImageMissing when it names an image outside the volume but lies within it
 * @throws ContourNotPlanar
 */
export function placeContours(target: MaskTarget, roi: Roi): PlacedContours {
  const sliceOf = new Map(target.slices.map(({ sopInstanceUid, k }) => [sopInstanceUid, k]));
  const toIjk = invertAffine(target.geometry.affineIjkToLps);
  const placements = roi.contours.map((contour, index) => {
    const place = `contour ${index + 1} of region number ${roi.number}`;
    return placeContour(contour, { target, sliceOf, toIjk, place });
  });
  const count = (what: Placement) => placements.filter((placement) => placement === what).length;
  const placed = placements.filter((placement) => typeof placement !== 'string');
  return {
    inPlane: placed.filter((placement) => 'polygon' in placement),
    crossPlane: placed.filter((placement) => 'plane' in placement),
    outside: count('outside'),
    degenerate: count('degenerate'),
    unfilled: count('unfilled'),
  };
}

interface PlacingContext {
  readonly target: MaskTarget;
  readonly sliceOf: ReadonlyMap<string, number>;
  readonly toIjk: Mat4;
  readonly place: string;
}

function placeContour(contour: Contour, context: PlacingContext): Placement {
  if (!FILLED_TYPES.includes(contour.geometricType)) return 'unfilled';
  const { spacingMm } = context.target.geometry;
  const xor = contour.geometricType !== 'CLOSED_PLANAR';
  const { xy, k, spreadSlices } = toVoxelSpace(contour.pointsLps, context.toIjk);
  const polygon = toPolygon(xy);
  if (spreadSlices * spacingMm[2] > PLANARITY_TOLERANCE_MM) {
    if (contour.pointsLps.length < 9) return 'degenerate';
    return { pointsLps: contour.pointsLps, plane: fitContourPlane(contour.pointsLps, context.place), xor };
  }
  if (vertexCount(polygon) < 3) return 'degenerate';
  const slice = findSlice(contour, k, context);
  return slice === undefined ? 'outside' : { polygon, xor, k, slice };
}

function toVoxelSpace(pointsLps: Float64Array, toIjk: Mat4) {
  const count = pointsLps.length / 3;
  const xy = new Float64Array(2 * count);
  let [sum, least, most] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < count; index++) {
    const [i, j, k] = applyAffine(toIjk, pointAt(pointsLps, index));
    xy[2 * index] = i;
    xy[2 * index + 1] = j;
    sum += k;
    least = Math.min(least, k);
    most = Math.max(most, k);
  }
  const k = sum / count;
  return { xy, k, spreadSlices: Math.max(most - k, k - least) };
}

function findSlice({ sopInstanceUid }: Contour, k: number, context: PlacingContext): number | undefined {
  const { target, sliceOf, place } = context;
  const sliceCount = target.geometry.sizeIjk[2];
  // Halfway between two slices the lower index wins; -0.5 belongs to the first slice.
  const nearest = Math.max(roundPixel(k) === -0.5 ? 0 : -1, Math.ceil(roundPixel(k) - 0.5));
  const inside = nearest >= 0 && nearest < sliceCount;
  if (sopInstanceUid === undefined) return inside ? nearest : undefined;
  const named = sliceOf.get(sopInstanceUid);
  if (named === undefined && inside) throw imageMissing(place, nearest, target.seriesUid);
  if (named !== undefined && Math.abs(k - named) > 0.5 + SLICE_TIE) throw offPlane(place, k, named, target);
  return named;
}

function imageMissing(place: string, slice: number, seriesUid: string): PipelineError {
  return new PipelineError(
    'ReferencedImageMissing',
    `${place} names an image that is not in series ${seriesUid}, though it lies on its slice ${slice}; ` +
      'upload the images it was drawn on, or save the contours on this series',
    { slice, seriesUid },
  );
}

function offPlane(place: string, k: number, named: number, { geometry }: MaskTarget): PipelineError {
  const offMm = Math.abs(k - named) * geometry.spacingMm[2];
  return new PipelineError(
    'ContourOffPlane',
    `${place} names the image of slice ${named} but lies ${offMm.toFixed(2)} mm away from it, more than half a slice ` +
      `(${(geometry.spacingMm[2] / 2).toFixed(2)} mm); save the contours again in the viewer they come from`,
    { slice: named, offMm, allowedMm: geometry.spacingMm[2] / 2 },
  );
}
