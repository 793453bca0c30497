import { PipelineError } from '../../contracts/errors.ts';
import { type Attribute, type DataSet, readItems, readString, readUint16 } from '../dicom/data-set.ts';
import type { ByteRanges } from './byte-ranges.ts';
import { malformedSeg } from './malformed-seg.ts';
import { openSeg, type SegFile } from './open-seg.ts';
import { locatePixels, type SegPixelFormat } from './pixel-data.ts';
import { readFrames, readTotalMatrix } from './read-frames.ts';
import { PADDING_VALUE, readSegments } from './read-segments.ts';
import type { SegmentationType, SegObject } from './seg-object.ts';
import { positionsTellFramesApart } from './usable-positions.ts';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const LABEL_MAP_STORAGE = '1.2.840.10008.5.1.4.1.1.66.7';
const A = {
  sopClass: { name: 'SOPClassUID', tag: 'x00080016' },
  sopInstance: { name: 'SOPInstanceUID', tag: 'x00080018' },
  referencedSeries: { name: 'ReferencedSeriesSequence', tag: 'x00081115' },
  otherStudies: { name: 'StudiesContainingOtherReferencedInstancesSequence', tag: 'x00081200' },
  seriesInstance: { name: 'SeriesInstanceUID', tag: 'x0020000e' },
  frameOfReference: { name: 'FrameOfReferenceUID', tag: 'x00200052' },
  samplesPerPixel: { name: 'SamplesPerPixel', tag: 'x00280002' },
  numberOfFrames: { name: 'NumberOfFrames', tag: 'x00280008' },
  rows: { name: 'Rows', tag: 'x00280010' },
  columns: { name: 'Columns', tag: 'x00280011' },
  bitsAllocated: { name: 'BitsAllocated', tag: 'x00280100' },
  segmentationType: { name: 'SegmentationType', tag: 'x00620001' },
  maximumFractionalValue: { name: 'MaximumFractionalValue', tag: 'x0062000e' },
  fractionalType: { name: 'SegmentationFractionalType', tag: 'x00620010' },
} as const satisfies Record<string, Attribute>;

/** Larger than any slide's tile or radiograph; a frame is unpacked into as many bytes. */
const MAX_FRAME_PIXELS = 2 ** 26;
const MAX_FRAMES = 1_000_000;
/** Bits per pixel that each type may have; one-bit masks are compressed as bytes by some writers. */
const ALLOWED_BITS: Readonly<Record<SegmentationType, readonly number[]>> = {
  BINARY: [1, 8],
  FRACTIONAL: [8],
  LABELMAP: [8, 16],
};

/** One file, with its place in a concatenation when it is a part of one. */
export interface SegPart {
  readonly file: SegFile;
  readonly object: SegObject;
}

/**
 * Reads what one file says about its segments and frames. Pixels stay where they are.
 *
 * @throws NotDicom, TruncatedDicom, DecompressionBomb, MalformedSeg, VolumeTooLarge
 * @throws UnsupportedRoiType when the file is another kind of object
 */
export function readSegPart(ranges: ByteRanges, part: number): SegPart {
  const file = openSeg(ranges);
  const { dataSet } = file;
  const type = readType(dataSet);
  const format = readFormat(dataSet, type);
  const declaredFrames = readFrameCount(dataSet);
  const pixels = locatePixels(file, format, declaredFrames ?? 1);
  if (type === 'BINARY' && format.bitsAllocated !== 1 && 'ranges' in pixels.stored) {
    throw malformedSeg('a BINARY segmentation has one bit per pixel, this one has 8');
  }
  const segments = readSegments(dataSet, type);
  const context = { type, segments, declaredFrames, part, rows: format.rows, columns: format.columns };
  const { frames, surplusDescriptions } = readFrames(dataSet, context);
  const frameOfReferenceUid = readString(dataSet, A.frameOfReference);
  const totalMatrix = readTotalMatrix(dataSet);
  const paddingValue = readUint16(dataSet, PADDING_VALUE);
  const object: SegObject = {
    sopInstanceUid: readString(dataSet, A.sopInstance) ?? '',
    type,
    ...(type === 'FRACTIONAL' ? { fractional: readFractional(dataSet) } : {}),
    referencedSeriesUids: readReferencedSeries(dataSet),
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    segments,
    frames,
    usablePositions: positionsTellFramesApart(frames),
    pixels: [pixels],
    ...(paddingValue === undefined ? {} : { paddingValue }),
    ...(totalMatrix === undefined ? {} : { totalMatrix }),
    surplusDescriptions,
  };
  return { file, object };
}

function readType(dataSet: DataSet): SegmentationType {
  const sopClassUid = readString(dataSet, A.sopClass);
  if (sopClassUid !== SEGMENTATION_STORAGE && sopClassUid !== LABEL_MAP_STORAGE) {
    throw new PipelineError(
      'UnsupportedRoiType',
      `the file is of SOP class ${sopClassUid ?? 'nothing'}; a Segmentation (${SEGMENTATION_STORAGE}) or Label Map ` +
        `Segmentation (${LABEL_MAP_STORAGE}) is needed here`,
      { sopClassUid: sopClassUid ?? '' },
    );
  }
  const type = readString(dataSet, A.segmentationType);
  if (type !== 'BINARY' && type !== 'FRACTIONAL' && type !== 'LABELMAP') {
    throw malformedSeg(
      `SegmentationType (0062,0001) is ${type ?? 'nothing'}; allowed are BINARY, FRACTIONAL, LABELMAP`,
    );
  }
  if (sopClassUid === LABEL_MAP_STORAGE && type !== 'LABELMAP') {
    throw malformedSeg(`a Label Map Segmentation cannot be of SegmentationType (0062,0001) ${type}`);
  }
  return type;
}

function readFormat(dataSet: DataSet, type: SegmentationType): SegPixelFormat {
  const rows = readUint16(dataSet, A.rows) ?? 0;
  const columns = readUint16(dataSet, A.columns) ?? 0;
  const bitsAllocated = readUint16(dataSet, A.bitsAllocated) ?? 0;
  const samples = readUint16(dataSet, A.samplesPerPixel) ?? 1;
  if (rows === 0 || columns === 0) throw malformedSeg(`frames of ${rows} x ${columns} pixels hold nothing`);
  if (samples !== 1) throw malformedSeg(`a pixel has ${samples} samples where one is allowed`);
  if (!ALLOWED_BITS[type].includes(bitsAllocated)) {
    const allowed = ALLOWED_BITS[type].join(' or ');
    throw malformedSeg(
      `pixels of ${bitsAllocated} bits do not make a ${type} segmentation; allowed: ${allowed}`,
    );
  }
  if (rows * columns > MAX_FRAME_PIXELS) {
    throw new PipelineError(
      'VolumeTooLarge',
      `frames of ${rows} x ${columns} pixels are larger than ${MAX_FRAME_PIXELS} pixels; cut the segmentation down`,
      { rows, columns, allowedPixels: MAX_FRAME_PIXELS },
    );
  }
  return { rows, columns, bitsAllocated };
}

function readFrameCount(dataSet: DataSet): number | undefined {
  const text = readString(dataSet, A.numberOfFrames);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_FRAMES) return count;
  throw malformedSeg(`NumberOfFrames (0028,0008) is "${text}"; allowed are 1 to ${MAX_FRAMES}`);
}

function readFractional(dataSet: DataSet) {
  const maximum = readUint16(dataSet, A.maximumFractionalValue) ?? 0;
  if (maximum < 1 || maximum > 255) {
    throw malformedSeg(`MaximumFractionalValue (0062,000E) is ${maximum}; allowed are 1 to 255`);
  }
  return { type: readString(dataSet, A.fractionalType) ?? 'UNKNOWN', maximum };
}

function readReferencedSeries(dataSet: DataSet): string[] {
  const holders = [dataSet, ...readItems(dataSet, A.otherStudies)];
  const uids = holders
    .flatMap((holder) => readItems(holder, A.referencedSeries))
    .flatMap((series) => readString(series, A.seriesInstance) ?? []);
  return [...new Set(uids)];
}
