import { PipelineError } from '../../contracts/errors.ts';
import {
  type Attribute,
  type DataSet,
  hasAttribute,
  openDicom,
  readInt16,
  readNumbers,
  readString,
  readStrings,
  readUint16,
  requireNumbers,
  requireString,
  requireUint16,
} from './data-set.ts';
import { locateFrames } from './encapsulated-frames.ts';
import type { PixelLayout, Slice } from './slice.ts';

const A = {
  sopClassUid: { name: 'SOPClassUID', tag: 'x00080016' },
  sopInstanceUid: { name: 'SOPInstanceUID', tag: 'x00080018' },
  studyUid: { name: 'StudyInstanceUID', tag: 'x0020000d' },
  seriesUid: { name: 'SeriesInstanceUID', tag: 'x0020000e' },
  frameOfReferenceUid: { name: 'FrameOfReferenceUID', tag: 'x00200052' },
  modality: { name: 'Modality', tag: 'x00080060' },
  imageType: { name: 'ImageType', tag: 'x00080008' },
  photometric: { name: 'PhotometricInterpretation', tag: 'x00280004' },
  samplesPerPixel: { name: 'SamplesPerPixel', tag: 'x00280002' },
  numberOfFrames: { name: 'NumberOfFrames', tag: 'x00280008' },
  rows: { name: 'Rows', tag: 'x00280010' },
  columns: { name: 'Columns', tag: 'x00280011' },
  pixelSpacing: { name: 'PixelSpacing', tag: 'x00280030' },
  bitsAllocated: { name: 'BitsAllocated', tag: 'x00280100' },
  bitsStored: { name: 'BitsStored', tag: 'x00280101' },
  highBit: { name: 'HighBit', tag: 'x00280102' },
  pixelRepresentation: { name: 'PixelRepresentation', tag: 'x00280103' },
  paddingValue: { name: 'PixelPaddingValue', tag: 'x00280120' },
  paddingLimit: { name: 'PixelPaddingRangeLimit', tag: 'x00280121' },
  rescaleIntercept: { name: 'RescaleIntercept', tag: 'x00281052' },
  rescaleSlope: { name: 'RescaleSlope', tag: 'x00281053' },
  rescaleType: { name: 'RescaleType', tag: 'x00281054' },
  modalityLut: { name: 'ModalityLUTSequence', tag: 'x00283000' },
  position: { name: 'ImagePositionPatient', tag: 'x00200032' },
  orientation: { name: 'ImageOrientationPatient', tag: 'x00200037' },
  sliceThickness: { name: 'SliceThickness', tag: 'x00180050' },
  spacingBetweenSlices: { name: 'SpacingBetweenSlices', tag: 'x00180088' },
  units: { name: 'Units', tag: 'x00541001' },
} as const satisfies Record<string, Attribute>;

/**
 * Reads the slices of one file: one of a classic image, one per frame or tile of the others.
 *
 * Names, birth dates and other identifying attributes are never read. The bytes are kept, not copied.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax
 * @throws UnsupportedImage for colour, multi-frame, localizer or LUT-scaled images
 */
export function parseSlices(bytes: Uint8Array): readonly Slice[] {
  const file = openDicom(bytes);
  const { dataSet, transferSyntaxUid, syntax } = file;
  requireSingleGreyFrame(dataSet);
  const layout = readLayout(dataSet);
  const frameBytes = layout.rows * layout.columns * (layout.bitsAllocated / 8);
  const [parts = []] = locateFrames(dataSet, syntax, 1, frameBytes);
  const slice = {
    transferSyntaxUid,
    ...layout,
    ...readIdentity(dataSet),
    frame: 1,
    ...readPlane(dataSet),
    ...readValueMeaning(dataSet, layout),
    acquisition: {},
    encoded: { transferSyntaxUid, layout, parts },
  };
  return [slice];
}

function requireSingleGreyFrame(dataSet: DataSet): void {
  const samples = readUint16(dataSet, A.samplesPerPixel) ?? 1;
  const photometric = requireString(dataSet, A.photometric);
  const frames = readNumbers(dataSet, A.numberOfFrames)?.[0] ?? 1;
  const refuse = (what: string) =>
    new PipelineError(
      'UnsupportedImage',
      `${what}; leave this file out or export the series as single-frame greyscale images`,
      {
        samplesPerPixel: samples,
        photometricInterpretation: photometric,
        numberOfFrames: frames,
      },
    );
  if (samples !== 1 || !photometric.startsWith('MONOCHROME'))
    throw refuse(`colour images (${photometric}) carry no single value per voxel`);
  if (frames !== 1) throw refuse(`an image of ${frames} frames in one file is not read here`);
  if (readStrings(dataSet, A.imageType).includes('LOCALIZER'))
    throw refuse('a localizer is not a slice of a volume');
  if (hasAttribute(dataSet, A.modalityLut))
    throw refuse('values behind a ModalityLUTSequence are not linear');
}

function readLayout(dataSet: DataSet): PixelLayout {
  const bitsAllocated = requireUint16(dataSet, A.bitsAllocated);
  const bitsStored = readUint16(dataSet, A.bitsStored) ?? bitsAllocated;
  const highBit = readUint16(dataSet, A.highBit) ?? bitsStored - 1;
  const rows = requireUint16(dataSet, A.rows);
  const columns = requireUint16(dataSet, A.columns);
  const packed =
    [8, 16, 32].includes(bitsAllocated) &&
    bitsStored >= 1 &&
    highBit < bitsAllocated &&
    highBit + 1 >= bitsStored;
  if (!packed || rows === 0 || columns === 0) {
    throw new PipelineError(
      'UnsupportedImage',
      `an image of ${rows} x ${columns} pixels with ${bitsStored} of ${bitsAllocated} bits (high bit ${highBit}) cannot be read; ` +
        'allowed are 8, 16 or 32 bits and at least one row and column: export the series again',
      { rows, columns, bitsAllocated, bitsStored, highBit },
    );
  }
  const signed = readUint16(dataSet, A.pixelRepresentation) === 1;
  return { rows, columns, bitsAllocated, bitsStored, highBit, signed };
}

function readIdentity(dataSet: DataSet) {
  const frameOfReferenceUid = readString(dataSet, A.frameOfReferenceUid);
  return {
    sopClassUid: requireString(dataSet, A.sopClassUid),
    sopInstanceUid: requireString(dataSet, A.sopInstanceUid),
    studyUid: requireString(dataSet, A.studyUid),
    seriesUid: requireString(dataSet, A.seriesUid),
    modality: requireString(dataSet, A.modality),
    imageType: readStrings(dataSet, A.imageType),
    photometricInterpretation: requireString(dataSet, A.photometric),
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
  };
}

function readPlane(dataSet: DataSet) {
  const [x = 0, y = 0, z = 0] = requireNumbers(dataSet, A.position, 3);
  const [rx = 0, ry = 0, rz = 0, cx = 0, cy = 0, cz = 0] = requireNumbers(dataSet, A.orientation, 6);
  const [rowGap = 0, columnGap = 0] = requireNumbers(dataSet, A.pixelSpacing, 2);
  if (rowGap <= 0 || columnGap <= 0) {
    throw new PipelineError(
      'DegenerateOrientation',
      `PixelSpacing (0028,0030) is ${rowGap} x ${columnGap} mm; both must be greater than 0: export the series again`,
      { pixelSpacingMm: [rowGap, columnGap] },
    );
  }
  const [sliceThicknessMm] = readNumbers(dataSet, A.sliceThickness) ?? [];
  const [spacingBetweenSlicesMm] = readNumbers(dataSet, A.spacingBetweenSlices) ?? [];
  return {
    positionLps: [x, y, z] as const,
    rowCosinesLps: [rx, ry, rz] as const,
    columnCosinesLps: [cx, cy, cz] as const,
    pixelSpacingMm: [rowGap, columnGap] as const,
    ...(sliceThicknessMm === undefined ? {} : { sliceThicknessMm }),
    ...(spacingBetweenSlicesMm === undefined ? {} : { spacingBetweenSlicesMm }),
  };
}

function readValueMeaning(dataSet: DataSet, { signed }: PixelLayout) {
  const [slope] = readNumbers(dataSet, A.rescaleSlope) ?? [];
  const [intercept] = readNumbers(dataSet, A.rescaleIntercept) ?? [];
  const type = readString(dataSet, A.rescaleType);
  const units = readString(dataSet, A.units);
  const fromFile = slope !== undefined && slope !== 0;
  const paddingStored = readPadding(dataSet, signed);
  return {
    rescale: {
      slope: fromFile ? slope : 1,
      intercept: intercept ?? 0,
      fromFile,
      ...(type === undefined ? {} : { type }),
    },
    ...(units === undefined ? {} : { units }),
    ...(paddingStored === undefined ? {} : { paddingStored }),
  };
}

function readPadding(dataSet: DataSet, signed: boolean): { low: number; high: number } | undefined {
  const read = signed ? readInt16 : readUint16;
  const first = read(dataSet, A.paddingValue);
  if (first === undefined) return undefined;
  const last = read(dataSet, A.paddingLimit) ?? first;
  return { low: Math.min(first, last), high: Math.max(first, last) };
}
