import { PipelineError } from '../contracts/errors.ts';
import { parseAim } from '../imaging/contour/parse-aim.ts';
import { parseRtstruct, RT_STRUCTURE_SET_STORAGE } from '../imaging/contour/parse-rtstruct.ts';
import type { StructureSet } from '../imaging/contour/structure-set.ts';
import { prepareCodecs } from '../imaging/dicom/codecs/prepare-codecs.ts';
import { openDicom, readString } from '../imaging/dicom/data-set.ts';
import { contourRegions } from '../imaging/mask/contour-regions.ts';
import type { RegionSet } from '../imaging/mask/region-source.ts';
import { memoryRanges } from '../imaging/segmentation/byte-ranges.ts';
import { parseSeg, type SegOptions } from '../imaging/segmentation/parse-seg.ts';
import { readSegPart } from '../imaging/segmentation/read-seg-object.ts';

const SOP_CLASS_UID = { name: 'SOPClassUID', tag: 'x00080016' } as const;
const STUDY_UID = { name: 'StudyInstanceUID', tag: 'x0020000d' } as const;
/** Segmentation and Label Map Segmentation Storage. */
const SEGMENTATIONS = ['1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.66.7'];

/**
 * Regions of a stored file, by what is in it: an RTSTRUCT, an AIM 4 collection or a DICOM segmentation.
 *
 * @param options - of segmentations; what is drawn depends on it, which images it names does not
 * @throws UnsupportedRoiType when it is none of these; EmptyRtstruct, MalformedContour, MalformedAim, EmptySegmentation, MalformedSeg,
 *   SegConcatenation, TruncatedDicom and the like for a damaged one
 */
export async function readRegions(
  bytes: Uint8Array,
  options: Pick<SegOptions, 'fractionalThreshold'> = {},
): Promise<RegionSet> {
  const structures = readStructures(bytes);
  if (structures !== null) return contourRegions(structures);
  await prepareCodecs([openDicom(bytes).transferSyntaxUid]);
  return parseSeg(memoryRanges(bytes), options);
}

/** Of which kind a file of regions is, and the series it was drawn on; no pixel of a segmentation is decoded. */
export function describeRegions(bytes: Uint8Array): {
  readonly format: 'RTSTRUCT' | 'AIM' | 'SEG';
  readonly seriesUids: readonly string[];
  readonly names: readonly string[];
  /** As the file names it; empty where it does not. */
  readonly studyUid: string;
} {
  const structures = readStructures(bytes);
  if (structures !== null) {
    const { format, referencedSeriesUids, rois, studyUid } = structures;
    return { format, seriesUids: referencedSeriesUids, names: rois.map(({ name }) => name), studyUid };
  }
  const { referencedSeriesUids, segments } = readSegPart(memoryRanges(bytes), 0).object;
  const names = segments.filter(({ background }) => !background).map(({ label }) => label);
  const studyUid = readString(openDicom(bytes).dataSet, STUDY_UID) ?? '';
  return { format: 'SEG', seriesUids: referencedSeriesUids, names, studyUid };
}

/** The contours of a file, or null for a segmentation, which has none. */
export function readStructures(bytes: Uint8Array): StructureSet | null {
  if (looksLikeXml(bytes)) return parseAim(bytes);
  const sopClassUid = readString(openDicom(bytes).dataSet, SOP_CLASS_UID) ?? 'that is not stated';
  if (sopClassUid === RT_STRUCTURE_SET_STORAGE) return parseRtstruct(bytes);
  if (SEGMENTATIONS.includes(sopClassUid)) return null;
  throw new PipelineError(
    'UnsupportedRoiType',
    `the file of regions is a DICOM object of SOP class ${sopClassUid}; an RTSTRUCT, an AIM 4 collection or a DICOM ` +
      'segmentation is needed',
    { sopClassUid },
  );
}

const START_BYTES = 64;

/** A byte order mark and white space may come first, in UTF-8 or UTF-16; a DICOM file starts with 128 bytes of its own. */
export function looksLikeXml(bytes: Uint8Array): boolean {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, START_BYTES)).replaceAll('\0', '');
  return /^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)?\s*</u.test(start);
}
