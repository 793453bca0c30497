import { PipelineError } from '../../contracts/errors.ts';
import type { Contour, ImageContour, PatientContour, Roi } from '../contour/structure-set.ts';
import { invertAffine, type Mat4 } from '../geometry/affine.ts';
import { dot } from '../geometry/vector.ts';
import { type AcquiredPlanes, acquiredPlanes, type ImageReference } from './acquired-planes.ts';
import {
  type ContourPlane,
  fitContourPlane,
  PARALLEL_COSINE,
  PLANARITY_TOLERANCE_MM,
  sliceNormal,
} from './contour-plane.ts';
import type { MaskTarget } from './mask-target.ts';
import { type Polygon, toPolygon, vertexCount } from './polygon.ts';
import { requireOnFrame } from './require-on-frame.ts';

/** A contour parallel to the slices, in column/row space of the grid. */
export interface InPlaneContour {
  readonly polygon: Polygon;
  readonly xor: boolean;
  /** Where the contour lies along k, in slices of the grid. */
  readonly k: number;
  /** The acquired plane it belongs to. */
  readonly plane: number;
  /** Number of the image that it names, among those of the volume. */
  readonly image?: number;
}

/** A contour in a plane that cuts through the slices. */
export interface CrossPlaneContour {
  readonly pointsLps: Float64Array;
  readonly contourPlane: ContourPlane;
  readonly xor: boolean;
}

export interface PlacedContours {
  readonly planes: AcquiredPlanes;
  readonly inPlane: readonly InPlaneContour[];
  readonly crossPlane: readonly CrossPlaneContour[];
  /** Contours farther than half a slice beyond the first or last slice. */
  readonly outside: number;
  /** Contours of fewer than three different points. */
  readonly degenerate: number;
  /** Types of the contours that enclose nothing: POINT, OPEN_PLANAR, OPEN_NONPLANAR, or one that we do not know. */
  readonly unfilled: readonly string[];
}

const FILLED_TYPES = ['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR', 'CLOSED_PLANAR_XOR'];
const SLICE_TIE = 1e-6;

type Placement = InPlaneContour | CrossPlaneContour | 'outside' | 'degenerate' | 'unfilled';

/**
 * Finds each contour's plane: by the image it names first, by its position along the slice normal otherwise.
 *
 * Points go through the volume's full affine, so oblique volumes are no special case, nor are stacks whose acquired
 * slices are shifted against each other. Pixel positions on an image take the image's own place on the grid. A contour
 * that is tilted by no more than {@link PARALLEL_COSINE} and stays within half a slice belongs to one slice all the same.
 *
 * @throws ContourOffPlane when the named image and the position disagree by more than half a slice
 * @throws ReferencedImageMissing when it names an image outside the volume but lies within it, or knows its image only
 * @throws ContourNotPlanar
 * @throws MalformedContour when it was drawn on the picture of a mosaic, beyond the slice that it names
 */
export function placeContours(target: MaskTarget, roi: Roi): PlacedContours {
  const planes = acquiredPlanes(target);
  const toIjk = invertAffine(target.geometry.affineIjkToLps);
  const placements = roi.contours.map((contour, index) => {
    const place = `contour ${index + 1} of region number ${roi.number}`;
    return placeContour(contour, { target, planes, toIjk, place });
  });
  const count = (what: Placement) => placements.filter((placement) => placement === what).length;
  const placed = placements.filter((placement) => typeof placement !== 'string');
  return {
    planes,
    inPlane: placed.filter((placement) => 'polygon' in placement),
    crossPlane: placed.filter((placement) => 'contourPlane' in placement),
    outside: count('outside'),
    degenerate: count('degenerate'),
    unfilled: roi.contours.map(({ geometricType }) => geometricType).filter(isUnfilled),
  };
}

interface PlacingContext {
  readonly target: MaskTarget;
  readonly planes: AcquiredPlanes;
  readonly toIjk: Mat4;
  readonly place: string;
}

function placeContour(contour: Contour, context: PlacingContext): Placement {
  if (isUnfilled(contour.geometricType)) return 'unfilled';
  return 'pointsPx' in contour ? placeOnImage(contour, context) : placeInPatient(contour, context);
}

function placeOnImage(contour: ImageContour, { planes, target, place }: PlacingContext): Placement {
  const plane = planes.named(contour);
  const first = planes.firstPixelIjk(contour);
  if (plane === undefined || first === undefined) throw imageMissing(place, undefined, target.seriesUid);
  requireOnFrame(contour, planes.framesOf(contour.sopInstanceUid), target, place);
  const xy = contour.pointsPx.map((value, at) => value + (first[at % 2] as number));
  const polygon = toPolygon(xy);
  if (vertexCount(polygon) < 3) return 'degenerate';
  return { polygon, xor: isXor(contour), k: planes.ks[plane] as number, plane, ...imageOf(contour, planes) };
}

function placeInPatient(contour: PatientContour, context: PlacingContext): Placement {
  const { spacingMm } = context.target.geometry;
  const xor = isXor(contour);
  const { xy, k, spreadSlices } = toVoxelSpace(contour.pointsLps, context.toIjk);
  if (spreadSlices * spacingMm[2] > PLANARITY_TOLERANCE_MM) {
    if (contour.pointsLps.length < 9) return 'degenerate';
    const contourPlane = fitContourPlane(contour.pointsLps, context.place);
    if (cutsThroughSlices(contour, contourPlane, { k, spreadSlices }, context))
      return { pointsLps: contour.pointsLps, contourPlane, xor };
  }
  const polygon = toPolygon(xy);
  if (vertexCount(polygon) < 3) return 'degenerate';
  const plane = findPlane(contour, k, context);
  return plane === undefined ? 'outside' : { polygon, xor, k, plane, ...imageOf(contour, context.planes, k) };
}

/**
 * Whether a contour that leaves the plane of its mean k belongs to more slices than one.
 *
 * @throws ContourOffPlane when it does though it is parallel to the image of this volume that it names
 */
function cutsThroughSlices(
  contour: PatientContour,
  { normalLps }: ContourPlane,
  { k, spreadSlices }: { readonly k: number; readonly spreadSlices: number },
  { target, planes, place }: PlacingContext,
): boolean {
  if (Math.abs(dot(normalLps, sliceNormal(target.geometry))) < PARALLEL_COSINE) return true;
  const named = planes.named(referenceOf(contour), k);
  const plane = named ?? planes.nearest(k);
  const allowed =
    plane === undefined ? 0.5 : Math.min(planes.reach(plane, 'down'), planes.reach(plane, 'up'));
  if (spreadSlices <= allowed + SLICE_TIE) return false;
  if (named !== undefined) throw offPlane(place, named, { off: spreadSlices, allowed }, target);
  return true;
}

/** An empty name, which no image has, where the contour names none. */
function referenceOf({ sopInstanceUid = '', frame }: Contour): ImageReference {
  return frame === undefined ? { sopInstanceUid } : { sopInstanceUid, frame };
}

function imageOf(contour: Contour, planes: AcquiredPlanes, k?: number): { readonly image?: number } {
  const image = planes.image(referenceOf(contour), k);
  return image === undefined ? {} : { image };
}

function isUnfilled(geometricType: string): boolean {
  return !FILLED_TYPES.includes(geometricType);
}

function isXor({ geometricType }: Contour): boolean {
  return geometricType !== 'CLOSED_PLANAR';
}

let scratch = new Float64Array(0);

/**
 * Written out, because structure sets have millions of points.
 *
 * @returns `xy` is valid until the next call
 */
function toVoxelSpace(pointsLps: Float64Array, m: Mat4) {
  const count = pointsLps.length / 3;
  if (scratch.length < 2 * count) scratch = new Float64Array(4 * count);
  const xy = scratch.subarray(0, 2 * count);
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const x = pointsLps[3 * index] as number;
    const y = pointsLps[3 * index + 1] as number;
    const z = pointsLps[3 * index + 2] as number;
    xy[2 * index] = m[0] * x + m[1] * y + m[2] * z + m[3];
    xy[2 * index + 1] = m[4] * x + m[5] * y + m[6] * z + m[7];
    const k = m[8] * x + m[9] * y + m[10] * z + m[11];
    sum += k;
    if (k < least) least = k;
    if (k > most) most = k;
  }
  const k = sum / count;
  return { xy, k, spreadSlices: Math.max(most - k, k - least) };
}

function findPlane(contour: PatientContour, k: number, context: PlacingContext): number | undefined {
  const { target, planes, place } = context;
  if (contour.sopInstanceUid === undefined) return planes.nearest(k);
  const named = planes.named(referenceOf(contour), k);
  if (named === undefined) {
    const nearest = planes.nearest(k);
    if (nearest !== undefined) throw imageMissing(place, nearest, target.seriesUid);
    return undefined;
  }
  const off = k - (planes.ks[named] as number);
  const allowed = planes.reach(named, off < 0 ? 'down' : 'up');
  if (Math.abs(off) > allowed + SLICE_TIE) throw offPlane(place, named, { off, allowed }, target);
  return named;
}

function imageMissing(place: string, slice: number | undefined, seriesUid: string): PipelineError {
  const lies = slice === undefined ? '' : `, though it lies on its slice ${slice}`;
  return new PipelineError(
    'ReferencedImageMissing',
    `${place} names an image that is not in series ${seriesUid}${lies}; ` +
      'upload the images it was drawn on, or save the contours on this series',
    { ...(slice === undefined ? {} : { slice }), seriesUid },
  );
}

function offPlane(
  place: string,
  plane: number,
  { off, allowed }: { readonly off: number; readonly allowed: number },
  { geometry }: MaskTarget,
): PipelineError {
  const [offMm, allowedMm] = [Math.abs(off) * geometry.spacingMm[2], allowed * geometry.spacingMm[2]];
  return new PipelineError(
    'ContourOffPlane',
    `${place} names the image of slice ${plane} but lies up to ${offMm.toFixed(2)} mm away from it, more than half a slice ` +
      `(${allowedMm.toFixed(2)} mm); save the contours again in the viewer they come from`,
    { slice: plane, offMm, allowedMm },
  );
}
