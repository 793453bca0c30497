import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { AcquiredPlanes } from '../mask/acquired-planes.ts';
import { drawInPlane, type PlaneDrawing } from '../mask/draw-in-plane.ts';
import type { PaintSlice } from '../mask/region-source.ts';
import { clearSliceMask, emptySliceMask, type SliceMask, takeRuns } from '../mask/slice-mask.ts';
import type { SliceRuns } from '../mask/slice-runs.ts';
import type { SegmentPixels } from './frame-pixels.ts';
import { drawFrame } from './frame-pixels.ts';
import type { FramePlacement, PlacedFrame } from './place-frames.ts';
import type { SegObject } from './seg-object.ts';
import { copyFrame, shiftMask } from './transfer-frame.ts';

/** What drawing the frames of one segment found out. */
export interface SegmentDrawing {
  /** Frames with a pixel of the segment. */
  readonly planes: number;
  readonly volumeMm3: number;
  /** Pixels of the segment that lie beside the images. */
  readonly lostPixels: number;
}

/**
 * Draws one segment on the planes its frames were placed on, frame by frame from the file.
 *
 * On a grid resampled from an irregular stack the planes are carried to the slices as contours are.
 */
export function drawSegment(
  seg: SegObject,
  segment: SegmentPixels,
  placement: FramePlacement,
  geometry: VolumeGeometry,
  paint: PaintSlice,
): SegmentDrawing {
  const drawer = new SegmentDrawer(seg, segment, geometry);
  const { planes: acquired } = placement;
  const byPlane = Map.groupBy(drawer.own(placement.placed), ({ plane }) => plane);
  const planes = [...byPlane].sort(([a], [b]) => a - b);
  // A frame without a pixel must not count as the region's end where planes are interpolated.
  const shown = isUpright(acquired) ? planes : planes.filter(([, frames]) => drawer.shows(frames));
  const result = { planes: 0, volumeMm3: 0, lostPixels: 0 };
  const drawings = shown.map(
    ([plane, frames]): PlaneDrawing => ({
      plane,
      draw: (into) => {
        const drawn = drawer.draw(frames, into);
        result.planes += drawn.frames;
        result.lostPixels += drawn.lost;
        result.volumeMm3 += drawn.pixels * voxelMm3(acquired, plane, geometry);
      },
    }),
  );
  const { slices } = drawInPlane({ planes: drawings, acquired, geometry }, { interpolateUpToMm: 0 });
  for (const [k, runs] of slices()) paint(k, runs);
  return result;
}

/** Acquired plane n is slice n of the grid. */
function isUpright({ ks }: AcquiredPlanes): boolean {
  return ks.every((k, plane) => k === plane);
}

/** Of a pixel on an acquired plane: as deep as the plane reaches. */
function voxelMm3({ reach }: AcquiredPlanes, plane: number, { spacingMm }: VolumeGeometry): number {
  return spacingMm[0] * spacingMm[1] * spacingMm[2] * (reach(plane, 'down') + reach(plane, 'up'));
}

interface DrawnFrames {
  readonly frames: number;
  readonly pixels: number;
  readonly lost: number;
}

class SegmentDrawer {
  readonly #seg: SegObject;
  readonly #segment: SegmentPixels;
  readonly #byFrame;
  readonly #grid: readonly [columns: number, rows: number];
  readonly #mask: SliceMask;
  readonly #pixelGapMm: readonly [columns: number, rows: number];
  #scratch: SliceMask | undefined;

  constructor(seg: SegObject, segment: SegmentPixels, { sizeIjk, spacingMm }: VolumeGeometry) {
    this.#pixelGapMm = [spacingMm[0], spacingMm[1]];
    this.#seg = seg;
    this.#segment = segment;
    this.#byFrame = new Map(segment.frames.map(({ frame, within }) => [frame, within]));
    this.#grid = [sizeIjk[0], sizeIjk[1]];
    this.#mask = emptySliceMask(sizeIjk[0], sizeIjk[1]);
  }

  /** The frames that may hold pixels of the segment. */
  own(placed: readonly PlacedFrame[]): PlacedFrame[] {
    return placed.filter(({ frame }) => this.#byFrame.has(frame));
  }

  shows(frames: readonly PlacedFrame[]): boolean {
    return frames.some((frame) => this.#unpack(frame).box.maxRow >= 0);
  }

  /** Union of the frames of one plane, in place of what was there. */
  draw(frames: readonly PlacedFrame[], into: SliceRuns): DrawnFrames {
    const mask = this.#mask;
    const [first] = frames as [PlacedFrame];
    if (frames.length === 1 && this.#covers(first)) {
      this.#unpack(first, mask);
      takeRuns(into, mask);
      const pixels = into.voxels();
      return { frames: pixels > 0 ? 1 : 0, pixels, lost: 0 };
    }
    clearSliceMask(mask);
    const drawn = { frames: 0, pixels: 0, lost: 0 };
    for (const placed of frames) {
      const frame = this.#unpack(placed);
      const pixels = countOnes(frame);
      drawn.pixels += pixels;
      drawn.frames += pixels > 0 ? 1 : 0;
      drawn.lost += copyFrame(frame, placed, mask);
    }
    const shift = [fraction(first.imageShift[0]), fraction(first.imageShift[1])] as const;
    shiftMask(mask, shift, this.#pixelGapMm);
    takeRuns(into, mask);
    return drawn;
  }

  /** The frame's pixels are the slice's voxels, one by one. */
  #covers({ frame, steps, origin, imageShift }: PlacedFrame): boolean {
    const { columns, rows } = this.#formatOf(frame.part);
    const upright = steps.perColumn[0] === 1 && steps.perRow[1] === 1;
    const inPlace = [...origin, ...imageShift].every((offset) => offset === 0);
    return upright && inPlace && columns === this.#grid[0] && rows === this.#grid[1];
  }

  #unpack({ frame }: PlacedFrame, into?: SliceMask): SliceMask {
    const { columns, rows } = this.#formatOf(frame.part);
    if (into === undefined && (this.#scratch?.columns !== columns || this.#scratch.rows !== rows)) {
      this.#scratch = emptySliceMask(columns, rows);
    }
    const mask = into ?? (this.#scratch as SliceMask);
    clearSliceMask(mask);
    const pixels = this.#seg.pixels[frame.part] as SegObject['pixels'][number];
    drawFrame(pixels, frame.index, this.#segment.member, mask, this.#byFrame.get(frame));
    return mask;
  }

  #formatOf(part: number) {
    return (this.#seg.pixels[part] as SegObject['pixels'][number]).format;
  }
}

function fraction(shift: number): number {
  return shift - Math.floor(shift);
}

function countOnes({ bits, columns, box }: SliceMask): number {
  let ones = 0;
  for (let row = box.minRow; row <= box.maxRow; row++) {
    const end = row * columns + box.maxColumn;
    for (let at = row * columns + box.minColumn; at <= end; at++) ones += bits[at] as number;
  }
  return ones;
}
