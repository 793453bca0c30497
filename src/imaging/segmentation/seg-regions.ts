import { PipelineError } from '../../contracts/errors.ts';
import type { MaskTarget } from '../mask/mask-target.ts';
import type { MaskWarning, MaskWarningCode } from '../mask/mask-warning.ts';
import type { PaintSlice, RegionDrawing, RegionProvenance, RegionSource } from '../mask/region-source.ts';
import { checkSegReferences } from './check-seg-references.ts';
import { drawSegment } from './draw-segment.ts';
import type { SegmentPixels } from './frame-pixels.ts';
import { type FramePlacement, gridMismatch, placeFrames } from './place-frames.ts';
import { resampleSegment, type SegStack, segStack } from './resample-segment.ts';
import type { SegFrame, Segment, SegObject } from './seg-object.ts';

/** The segments of a file as regions that draw their frames. */
export class SegRegions {
  readonly #seg: SegObject;
  readonly #pixels: ReadonlyMap<number, SegmentPixels>;
  readonly #resample: boolean;
  /** Targets on whose grid the segmentation does not lie. */
  readonly #stacks = new WeakMap<MaskTarget, SegStack>();

  constructor(seg: SegObject, pixels: ReadonlyMap<number, SegmentPixels>, resample: boolean) {
    this.#seg = seg;
    this.#pixels = pixels;
    this.#resample = resample;
  }

  regions(threshold: number): RegionSource[] {
    const { segments, sopInstanceUid, fractional } = this.#seg;
    const drawable = segments.filter(({ background }) => !background);
    return drawable.map((segment) => {
      const { number, label, colour, algorithm } = segment;
      const provenance: RegionProvenance = {
        format: 'SEG',
        sourceUid: sopInstanceUid,
        ...(algorithm === undefined ? {} : { algorithm }),
        ...(fractional === undefined ? {} : { fractional: { type: fractional.type, threshold } }),
      };
      return {
        number,
        name: label,
        ...(colour === undefined ? {} : { colour }),
        provenance,
        parts: this.#pixelsOf(number).frames.length,
        draw: (target, _options, paint) => this.#draw(segment, target, paint),
      };
    });
  }

  /** @throws ReferencedSeriesMissing, ReferencedImageMissing, FrameOfReferenceMismatch, SegGridMismatch */
  check(target: MaskTarget, chosen: readonly RegionSource[]): readonly MaskWarning[] {
    const frames = [...new Set(chosen.flatMap(({ number }) => this.#framesOf(number)))];
    const warnings = checkSegReferences(target, this.#seg, frames);
    try {
      requireSome(placeFrames(this.#seg, frames, target));
      return warnings;
    } catch (cause) {
      const otherGrid = cause instanceof PipelineError && cause.code === 'SegGridMismatch';
      if (!otherGrid || !this.#resample) throw cause;
      this.#stacks.set(target, segStack(this.#seg, target.geometry));
      return [...warnings, resampled(cause)];
    }
  }

  #draw({ number, label }: Segment, target: MaskTarget, paint: PaintSlice): RegionDrawing {
    const stack = this.#stacks.get(target);
    const segment = this.#pixelsOf(number);
    if (stack !== undefined) {
      const drawing = resampleSegment(this.#seg, segment, stack, target.geometry, paint);
      return { ...drawing, gaps: [], warnings: [] };
    }
    const placement = placeFrames(this.#seg, this.#framesOf(number), target);
    const { lostPixels, ...drawing } = drawSegment(this.#seg, segment, placement, target.geometry, paint);
    const warnings = [
      ...warn(
        label,
        'FramesOutsideVolume',
        placement.outside.length,
        'frame(s) lie beyond the first or last slice',
      ),
      ...warn(label, 'PixelsOutsideImages', lostPixels, 'pixel(s) lie beside the images'),
    ];
    return { ...drawing, gaps: [], warnings };
  }

  #pixelsOf(number: number): SegmentPixels {
    return this.#pixels.get(number) as SegmentPixels;
  }

  #framesOf(number: number): SegFrame[] {
    return this.#pixelsOf(number).frames.map(({ frame }) => frame);
  }
}

function requireSome({ placed, outside: [first] }: FramePlacement): void {
  if (placed.length === 0 && first !== undefined)
    throw gridMismatch(first, 'like all others it lies beyond them');
}

function warn(region: string, code: MaskWarningCode, count: number, what: string): MaskWarning[] {
  if (count === 0) return [];
  const message = `region "${region}": ${count} ${what} and were not drawn`;
  return [{ code, message, region, needsReview: true, details: { count } }];
}

function resampled({ message }: PipelineError): MaskWarning {
  return {
    code: 'SegResampled',
    message: `the segmentation was resampled to the images, each voxel taking the nearest pixel, because ${message.split(';')[0]}`,
    needsReview: true,
    details: {},
  };
}
