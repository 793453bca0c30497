import { applyAffine, invertAffine } from '../geometry/affine.ts';
import { add, cross, dot, normalise, scale, subtract, type Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { PaintSlice } from '../mask/region-source.ts';
import { clearSliceMask, emptySliceMask, type SliceMask, takeRuns } from '../mask/slice-mask.ts';
import { SliceRuns } from '../mask/slice-runs.ts';
import type { SegmentDrawing } from './draw-segment.ts';
import type { SegmentPixels } from './frame-pixels.ts';
import { drawFrame } from './frame-pixels.ts';
import { gridMismatch } from './place-frames.ts';
import type { FramePlane, SegFrame, SegObject } from './seg-object.ts';

/** The stack that the frames of a segmentation form in the patient. */
export interface SegStack {
  readonly plane: FramePlane;
  readonly normalLps: Vec3;
  /** How thick a frame is: the smallest distance of two frames; of a single one, what the file says. */
  readonly gapMm: number;
}

/** Frames this close share a plane, mm. */
const SAME_PLANE_MM = 0.01;
const SAME_DIRECTION = 1e-4;

/**
 * The stack of a segmentation that lies on another grid than the images.
 *
 * @throws SegGridMismatch when frames have no position or differ in direction or pixel size
 */
export function segStack({ frames }: SegObject, geometry: VolumeGeometry): SegStack {
  const [first] = frames as [SegFrame];
  const { plane } = first;
  const odd = frames.find((frame) => frame.positionLps === undefined || !alike(frame.plane, plane));
  if (plane === undefined || odd !== undefined) {
    throw gridMismatch(odd ?? first, 'frames without position or of several grids cannot be resampled');
  }
  const normalLps = normalise(cross(plane.rowCosinesLps, plane.columnCosinesLps));
  const distances = frames
    .map(({ positionLps }) => dot(positionLps as Vec3, normalLps))
    .sort((a, b) => a - b);
  const gaps = distances
    .map((distance, index) => distance - (distances[index - 1] ?? Number.NEGATIVE_INFINITY))
    .filter((gap) => gap > SAME_PLANE_MM && Number.isFinite(gap));
  const smallest = gaps.reduce((least, gap) => Math.min(least, gap), Number.POSITIVE_INFINITY);
  const stated = plane.sliceGapMm ?? geometry.spacingMm[2];
  return { plane, normalLps, gapMm: Number.isFinite(smallest) ? smallest : stated };
}

function alike(a: FramePlane | undefined, b: FramePlane | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const values = (plane: FramePlane) => [
    ...plane.rowCosinesLps,
    ...plane.columnCosinesLps,
    ...plane.pixelSpacingMm,
  ];
  const other = values(b);
  return values(a).every((value, index) => Math.abs(value - (other[index] as number)) < SAME_DIRECTION);
}

/** A frame with a pixel of the segment: the part of it that holds them all. */
interface StackedFrame {
  readonly positionLps: Vec3;
  readonly distanceMm: number;
  readonly part: SliceMask;
  readonly left: number;
  readonly top: number;
}

/**
 * Draws a segment on a grid that is not its own: a voxel takes the pixel whose cell (pixel by pixel by frame distance)
 * holds the voxel's centre; voxels beyond all frames stay empty.
 */
export function resampleSegment(
  seg: SegObject,
  segment: SegmentPixels,
  stack: SegStack,
  geometry: VolumeGeometry,
  paint: PaintSlice,
): SegmentDrawing {
  const frames = unpackFrames(seg, segment, stack);
  const [low, high] = boundsOnGrid(frames, stack, geometry);
  const mask = emptySliceMask(geometry.sizeIjk[0], geometry.sizeIjk[1]);
  const runs = new SliceRuns(mask.columns, mask.rows);
  for (let k = low[2]; k <= high[2]; k++) {
    clearSliceMask(mask);
    for (let j = low[1]; j <= high[1]; j++) {
      for (let i = low[0]; i <= high[0]; i++) {
        const point = applyAffine(geometry.affineIjkToLps, [i, j, k]);
        if (isInside(point, frames, stack)) mask.bits[j * mask.columns + i] = 1;
      }
    }
    mask.box = { minColumn: low[0], maxColumn: high[0], minRow: low[1], maxRow: high[1] };
    takeRuns(runs, mask);
    paint(k, runs);
  }
  const [rowGap, columnGap] = stack.plane.pixelSpacingMm;
  const pixels = frames.reduce((sum, { part }) => sum + part.bits.reduce((ones, bit) => ones + bit, 0), 0);
  return { planes: frames.length, volumeMm3: pixels * rowGap * columnGap * stack.gapMm, lostPixels: 0 };
}

/** Ascending along the normal. */
function unpackFrames(seg: SegObject, { member, frames }: SegmentPixels, { normalLps }: SegStack) {
  const stacked: StackedFrame[] = [];
  for (const { frame, within } of frames) {
    const pixels = seg.pixels[frame.part] as SegObject['pixels'][number];
    const mask = emptySliceMask(pixels.format.columns, pixels.format.rows);
    drawFrame(pixels, frame.index, member, mask, within);
    const { minColumn, maxColumn, minRow, maxRow } = mask.box;
    if (maxRow < 0) continue;
    const part = emptySliceMask(maxColumn - minColumn + 1, maxRow - minRow + 1);
    for (let row = minRow; row <= maxRow; row++) {
      const from = row * mask.columns + minColumn;
      part.bits.set(mask.bits.subarray(from, from + part.columns), (row - minRow) * part.columns);
    }
    const positionLps = frame.positionLps as Vec3;
    const distanceMm = dot(positionLps, normalLps);
    stacked.push({ positionLps, distanceMm, part, left: minColumn, top: minRow });
  }
  return stacked.sort((a, b) => a.distanceMm - b.distanceMm);
}

/** The voxels that any pixel can reach; empty when low exceeds high. */
function boundsOnGrid(frames: readonly StackedFrame[], stack: SegStack, geometry: VolumeGeometry) {
  const toIjk = invertAffine(geometry.affineIjkToLps);
  const low = [...geometry.sizeIjk];
  const high = [-1, -1, -1];
  for (const frame of frames) {
    for (const corner of cornersOf(frame, stack)) {
      applyAffine(toIjk, corner).forEach((at, axis) => {
        low[axis] = Math.max(0, Math.min(low[axis] as number, Math.floor(at)));
        const last = (geometry.sizeIjk[axis] as number) - 1;
        high[axis] = Math.min(last, Math.max(high[axis] as number, Math.ceil(at)));
      });
    }
  }
  return [low, high] as unknown as readonly [Vec3, Vec3];
}

function cornersOf({ positionLps, part, left, top }: StackedFrame, stack: SegStack): Vec3[] {
  const { plane, normalLps, gapMm } = stack;
  const [rowGap, columnGap] = plane.pixelSpacingMm;
  return [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => {
    const column = left - 0.5 + (corner & 1 ? part.columns : 0);
    const row = top - 0.5 + (corner & 2 ? part.rows : 0);
    const inPlane = add(
      scale(plane.rowCosinesLps, column * columnGap),
      scale(plane.columnCosinesLps, row * rowGap),
    );
    return add(add(positionLps, inPlane), scale(normalLps, corner & 4 ? gapMm / 2 : -gapMm / 2));
  });
}

function isInside(point: Vec3, frames: readonly StackedFrame[], stack: SegStack): boolean {
  const { plane, normalLps, gapMm } = stack;
  const distance = dot(point, normalLps);
  const [rowGap, columnGap] = plane.pixelSpacingMm;
  for (let at = firstFrom(frames, distance - gapMm / 2); at < frames.length; at++) {
    const { positionLps, distanceMm, part, left, top } = frames[at] as StackedFrame;
    if (distanceMm >= distance + gapMm / 2) return false;
    const offset = subtract(point, positionLps);
    const column = Math.round(dot(offset, plane.rowCosinesLps) / columnGap) - left;
    const row = Math.round(dot(offset, plane.columnCosinesLps) / rowGap) - top;
    const onPart = column >= 0 && row >= 0 && column < part.columns && row < part.rows;
    if (onPart && part.bits[row * part.columns + column] === 1) return true;
  }
  return false;
}

/** Index of the first frame at a distance or beyond. */
function firstFrom(frames: readonly StackedFrame[], distanceMm: number): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] as StackedFrame).distanceMm < distanceMm) low = middle + 1;
    else high = middle;
  }
  return low;
}
