import { PipelineError } from '../../contracts/errors.ts';
import { applyAffine, invertAffine, linearPart, type Mat4 } from '../geometry/affine.ts';
import { column, type Mat3, scale, subtract, type Vec3 } from '../geometry/vector.ts';
import { type AcquiredPlanes, acquiredPlanes } from '../mask/acquired-planes.ts';
import type { AcquiredImage, MaskTarget } from '../mask/mask-target.ts';
import { endAtLongGaps } from './gap-planes.ts';
import type { FramePlane, SegFrame, SegObject } from './seg-object.ts';

/**
 * How far a frame's pixel centres may lie from voxel centres, in voxels, and still count as the same grid: room for
 * positions and orientations that were rounded when they were written.
 */
export const GRID_TOLERANCE = 0.05;

/** How frame pixels step through the columns and rows of the grid: each is a unit step along one of them. */
export interface FrameSteps {
  /** Grid (column, row) from one frame column to the next. */
  readonly perColumn: readonly [number, number];
  /** Grid (column, row) from one frame row to the next. */
  readonly perRow: readonly [number, number];
}

/** A frame on the acquired plane it belongs to. */
export interface PlacedFrame {
  readonly frame: SegFrame;
  /** Number of the acquired plane; see {@link AcquiredPlanes}. */
  readonly plane: number;
  readonly steps: FrameSteps;
  /** Pixel of the acquired image under the frame's first pixel: whole numbers, also outside the image. */
  readonly origin: readonly [column: number, row: number];
  /** Where the acquired image's first pixel lies on the grid, in columns and rows; not whole on a resampled stack. */
  readonly imageShift: readonly [column: number, row: number];
}

export interface FramePlacement {
  readonly placed: readonly PlacedFrame[];
  /** Frames on planes beyond the ends of the volume. */
  readonly outside: readonly SegFrame[];
  readonly planes: AcquiredPlanes;
}

const UPRIGHT: FrameSteps = { perColumn: [1, 0], perRow: [0, 1] };

/**
 * Finds the acquired image under each frame and the pixel under its first one.
 *
 * A frame is placed by its own position, and by the image it names where it has none that can be used; where it has
 * both, they must agree.
 *
 * @throws SegGridMismatch when pixels of a frame are not voxels of the grid
 * @throws ReferencedImageMissing when a frame names an image outside the volume but lies within it
 */
export function placeFrames(seg: SegObject, frames: readonly SegFrame[], images: MaskTarget): FramePlacement {
  const target = endAtLongGaps(images);
  const planes = acquiredPlanes(target);
  const placer = new FramePlacer(seg, target, planes);
  const placements = frames.map((frame) =>
    seg.usablePositions && frame.positionLps !== undefined && frame.plane !== undefined
      ? placer.byPosition(frame, frame.positionLps, frame.plane)
      : placer.byImage(frame),
  );
  return {
    placed: placements.filter((placement) => placement !== undefined),
    outside: frames.filter((_, index) => placements[index] === undefined),
    planes,
  };
}

class FramePlacer {
  readonly #seg: SegObject;
  readonly #target: MaskTarget;
  readonly #planes: AcquiredPlanes;
  readonly #toIjk: Mat4;
  readonly #byPlane: ReadonlyMap<number, readonly AcquiredImage[]>;
  readonly #steps = new Map<FramePlane, FrameSteps>();

  constructor(seg: SegObject, target: MaskTarget, planes: AcquiredPlanes) {
    this.#seg = seg;
    this.#target = target;
    this.#planes = planes;
    this.#toIjk = invertAffine(target.geometry.affineIjkToLps);
    this.#byPlane = Map.groupBy(target.slices, ({ k }) => planes.nearest(k) as number);
  }

  byPosition(frame: SegFrame, positionLps: Vec3, framePlane: FramePlane): PlacedFrame | undefined {
    const steps = this.#stepsOf(framePlane, frame);
    const place = applyAffine(this.#toIjk, positionLps);
    const plane = this.#findPlane(frame, place[2]);
    if (plane === undefined) return undefined;
    const image = this.#imageOn(plane, frame, place[2]);
    const drawn =
      image?.statedLps === undefined
        ? this.#firstVoxel(image, plane)
        : applyAffine(this.#toIjk, image.statedLps);
    const [columns, rows, slices] = subtract(place, drawn);
    if (Math.abs(slices) > GRID_TOLERANCE) {
      throw gridMismatch(
        frame,
        `it lies ${Math.abs(slices).toFixed(3)} slices off the image of slice ${plane}`,
      );
    }
    const origin = [wholePixels(frame, columns), wholePixels(frame, rows)] as const;
    const [shiftX, shiftY] = this.#firstVoxel(image, plane);
    return { frame, plane, steps, origin, imageShift: [snap(shiftX), snap(shiftY)] };
  }

  /** Without a position in the patient the frame lies on the image that it names, pixel on pixel. */
  byImage(frame: SegFrame): PlacedFrame | undefined {
    const { sizeIjk } = this.#target.geometry;
    const { tile } = frame;
    // A tile names one of the image's tiles, the volume holds the whole of it.
    const named = frame.sources
      .map(({ sopInstanceUid, ...source }) => this.#planes.named({ sopInstanceUid, ...(tile ? {} : source) }))
      .find((plane) => plane !== undefined);
    const plane = named ?? (frame.sources.length === 0 && sizeIjk[2] === 1 ? 0 : undefined);
    if (plane === undefined) throw this.#unplaceable(frame);
    const { columns, rows } =
      tile === undefined ? this.#formatOf(frame) : (this.#seg.totalMatrix ?? { columns: 0, rows: 0 });
    if (columns !== sizeIjk[0] || rows !== sizeIjk[1]) {
      throw gridMismatch(
        frame,
        `it has no position in the patient, and its ${columns} x ${rows} pixels are not the ${sizeIjk[0]} x ${sizeIjk[1]} of the images`,
      );
    }
    return { frame, plane, steps: UPRIGHT, origin: [tile?.column ?? 0, tile?.row ?? 0], imageShift: [0, 0] };
  }

  #formatOf({ part }: SegFrame) {
    return (this.#seg.pixels[part] as SegObject['pixels'][number]).format;
  }

  /** The plane of the image that the frame names, or the one it lies on. */
  #findPlane(frame: SegFrame, k: number): number | undefined {
    const nearest = this.#planes.nearest(k);
    if (frame.sources.length === 0) return nearest;
    const named = frame.sources
      .map((source) => this.#planes.named(source, k))
      .filter((plane) => plane !== undefined);
    if (named.length === 0 && nearest !== undefined) throw this.#imageMissing(frame, nearest);
    // A frame may name every image it was computed from.
    return nearest !== undefined && named.includes(nearest) ? nearest : named[0];
  }

  /** The image on a plane: the one that the frame names, or any. */
  #imageOn(plane: number, frame: SegFrame, k: number): AcquiredImage | undefined {
    const named = frame.sources.find((source) => this.#planes.named(source, k) === plane);
    const images = this.#byPlane.get(plane) ?? [];
    return images.find(({ sopInstanceUid }) => sopInstanceUid === named?.sopInstanceUid) ?? images[0];
  }

  /** Where the first pixel of an image counts as lying, in voxels of the grid. */
  #firstVoxel(image: AcquiredImage | undefined, plane: number): Vec3 {
    return (image && this.#planes.firstPixelIjk(image)) ?? [0, 0, this.#planes.ks[plane] as number];
  }

  #stepsOf(plane: FramePlane, frame: SegFrame): FrameSteps {
    const known = this.#steps.get(plane);
    if (known !== undefined) return known;
    const { rows, columns } = this.#formatOf(frame);
    const linear = linearPart(this.#toIjk);
    const perColumn = unitStep(toVoxels(linear, plane.rowCosinesLps, plane.pixelSpacingMm[1]), columns);
    const perRow = unitStep(toVoxels(linear, plane.columnCosinesLps, plane.pixelSpacingMm[0]), rows);
    const parallel = perColumn !== undefined && perRow !== undefined && perColumn[0] * perRow[0] === 0;
    if (!parallel) throw gridMismatch(frame, 'its pixels have another size or direction');
    const steps = { perColumn, perRow };
    this.#steps.set(plane, steps);
    return steps;
  }

  #imageMissing(frame: SegFrame, slice: number): PipelineError {
    const { seriesUid } = this.#target;
    return new PipelineError(
      'ReferencedImageMissing',
      `frame ${frame.index + 1} of the segmentation names an image that is not in series ${seriesUid}, though it lies on ` +
        `its slice ${slice}; upload the images it was drawn on, or save the segmentation on this series`,
      { frame: frame.index + 1, slice, seriesUid },
    );
  }

  #unplaceable(frame: SegFrame): PipelineError {
    return gridMismatch(frame, 'it has no position in the patient and names no image of the series');
  }
}

function toVoxels(linear: Mat3, directionLps: Vec3, spacingMm: number): Vec3 {
  const [x, y, z] = scale(directionLps, spacingMm);
  const sum = (axis: 0 | 1 | 2) =>
    column(linear, 0)[axis] * x + column(linear, 1)[axis] * y + column(linear, 2)[axis] * z;
  return [sum(0), sum(1), sum(2)];
}

/** One voxel along columns or rows, if the last of `count` pixels is not off by more than the tolerance. */
function unitStep([i, j, k]: Vec3, count: number): readonly [number, number] | undefined {
  const step = [Math.round(i), Math.round(j)] as const;
  const drift = Math.max(Math.abs(i - step[0]), Math.abs(j - step[1]), Math.abs(k)) * Math.max(1, count - 1);
  return Math.abs(step[0]) + Math.abs(step[1]) === 1 && drift <= GRID_TOLERANCE ? step : undefined;
}

function wholePixels(frame: SegFrame, offset: number): number {
  const whole = Math.round(offset);
  if (Math.abs(offset - whole) <= GRID_TOLERANCE) return whole;
  throw gridMismatch(frame, `its pixels lie ${Math.abs(offset - whole).toFixed(3)} of a voxel off`);
}

/** Whole positions that rounding moved a little are whole. */
function snap(position: number): number {
  const whole = Math.round(position);
  return Math.abs(position - whole) < 1e-3 ? whole : position;
}

export function gridMismatch({ index }: SegFrame, why: string): PipelineError {
  return new PipelineError(
    'SegGridMismatch',
    `frame ${index + 1} of the segmentation does not lie on the grid of the images: ${why} ` +
      `(allowed: ${GRID_TOLERANCE} of a voxel); segment this series, or allow resampling with --resample`,
    { frame: index + 1, toleranceVoxels: GRID_TOLERANCE },
  );
}
