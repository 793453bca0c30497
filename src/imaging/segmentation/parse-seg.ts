import { PipelineError } from '../../contracts/errors.ts';
import type { MaskWarning } from '../mask/mask-warning.ts';
import type { RegionSet } from '../mask/region-source.ts';
import { emptySliceMask } from '../mask/slice-mask.ts';
import type { ByteRanges } from './byte-ranges.ts';
import { joinParts } from './concatenation.ts';
import type { SegmentPixels } from './frame-pixels.ts';
import { drawFrame, type Membership } from './frame-pixels.ts';
import { readSegPart } from './read-seg-object.ts';
import { scanLabelMap } from './scan-label-map.ts';
import type { SegObject } from './seg-object.ts';
import { SegRegions } from './seg-regions.ts';

export interface SegOptions {
  /** Share of MaximumFractionalValue (0062,000E) from which a pixel of a FRACTIONAL segmentation belongs; default 0.5. */
  readonly fractionalThreshold?: number | undefined;
  /** Take the nearest voxel where the segmentation has another grid than the images, instead of refusing it. */
  readonly resample?: boolean | undefined;
}

const DEFAULT_THRESHOLD = 0.5;

/**
 * Reads a DICOM Segmentation: BINARY, FRACTIONAL or LABELMAP, one file or all parts of a concatenation.
 *
 * Only what describes segments and frames is read here, and of a label map its pixels once; drawing a region reads its
 * frames from the source, which must stay open until then. Codecs of a compressed file must be ready before.
 *
 * @throws NotDicom, TruncatedDicom, DecompressionBomb, VolumeTooLarge, UnsupportedTransferSyntax, CorruptPixelData
 * @throws UnsupportedRoiType when the file is another kind of object
 * @throws MalformedSeg when its attributes contradict each other
 * @throws SegConcatenation when parts of a concatenation are missing or do not belong together
 * @throws EmptySegmentation when no segment has a pixel
 */
export function parseSeg(
  sources: ByteRanges | readonly ByteRanges[],
  { fractionalThreshold = DEFAULT_THRESHOLD, resample = false }: SegOptions = {},
): RegionSet {
  const files = 'read' in sources ? [sources] : sources;
  const seg = joinParts(files.map((file, part) => readSegPart(file, part)));
  const pixels = findSegmentPixels(seg, fractionalThreshold);
  requirePixels(seg, pixels);
  const set = new SegRegions(seg, pixels, resample);
  const { sopInstanceUid, referencedSeriesUids, frameOfReferenceUid } = seg;
  return {
    format: 'SEG',
    sourceUid: sopInstanceUid,
    referencedSeriesUids,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    regions: set.regions(fractionalThreshold),
    warnings: fileWarnings(seg),
    check: (target, chosen) => set.check(target, chosen),
  };
}

function findSegmentPixels(seg: SegObject, threshold: number): Map<number, SegmentPixels> {
  const members = memberships(seg, threshold);
  if (seg.type === 'LABELMAP') {
    const frames = scanLabelMap(seg);
    return new Map(
      seg.segments.map(({ number }) => [
        number,
        { member: members(number), frames: frames.get(number) ?? [] },
      ]),
    );
  }
  const bySegment = Map.groupBy(seg.frames, ({ segment }) => segment as number);
  return new Map(
    seg.segments.map(({ number }) => {
      const frames = (bySegment.get(number) ?? []).map((frame) => ({ frame }));
      return [number, { member: members(number), frames }];
    }),
  );
}

function memberships({ type, fractional }: SegObject, threshold: number): (segment: number) => Membership {
  if (type === 'LABELMAP') return (value) => ({ kind: 'equal', value });
  if (type === 'BINARY') return () => ({ kind: 'any' });
  const value = threshold * (fractional?.maximum ?? 255);
  return () => ({ kind: 'at-least', value });
}

/** Looks for one pixel; a file that has any usually shows it in its first frame. */
function requirePixels(seg: SegObject, pixels: ReadonlyMap<number, SegmentPixels>): void {
  const drawable = seg.segments.filter(({ background }) => !background);
  let mask = emptySliceMask(0, 0);
  for (const { number } of drawable) {
    const { member, frames } = pixels.get(number) as SegmentPixels;
    for (const { frame, within } of frames) {
      if (within !== undefined) return;
      const place = seg.pixels[frame.part] as SegObject['pixels'][number];
      const { columns, rows } = place.format;
      if (mask.columns !== columns || mask.rows !== rows) mask = emptySliceMask(columns, rows);
      drawFrame(place, frame.index, member, mask);
      if (mask.box.maxRow >= 0) return;
    }
  }
  throw new PipelineError(
    'EmptySegmentation',
    `the segmentation names ${drawable.length} segment(s) but none has a pixel; draw at least one and save it again`,
    { segments: drawable.length },
  );
}

function fileWarnings({ surplusDescriptions }: SegObject): MaskWarning[] {
  if (!surplusDescriptions) return [];
  return [
    {
      code: 'SurplusFrameDescriptions',
      message:
        'the segmentation does not say how many frames it has (NumberOfFrames is absent) and describes more than the one ' +
        'that this means; the first description was used',
      needsReview: true,
      details: {},
    },
  ];
}
