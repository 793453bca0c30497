/** CT images and structure sets as DICOM files for tests; `dicom-elements.ts` encodes them. */
import {
  type Element,
  samples16,
  sequence,
  uid as ui,
  type WriteOptions,
  writeDicom,
} from './dicom-elements.ts';

export type { Element } from './dicom-elements.ts';
export { encapsulate, IMPLICIT_LITTLE_ENDIAN, RLE_LOSSLESS, samples16 } from './dicom-elements.ts';

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const RT_STRUCTURE_SET_STORAGE = '1.2.840.10008.5.1.4.1.1.481.3';
const RT_STRUCTURE_SET_UID = '1.2.826.0.1.3680043.10.4';

export interface CtSlice {
  readonly columns: number;
  readonly rows: number;
  /** Stored values, row by row. */
  readonly pixels: ArrayLike<number>;
  readonly position: readonly [number, number, number];
  readonly orientation?: readonly number[];
  /** PixelSpacing as stored: rows first. */
  readonly pixelSpacing?: readonly [number, number];
  readonly sopInstanceUid?: string;
  readonly seriesUid?: string;
  readonly frameOfReferenceUid?: string;
  readonly instanceNumber?: number;
  readonly signed?: boolean;
  readonly bitsStored?: number;
  readonly rescale?: readonly [slope: number, intercept: number];
  readonly padding?: number;
  readonly transferSyntaxUid?: string;
  /** Replaces or adds elements; a value of `undefined` removes one. */
  readonly changes?: Readonly<Record<string, Element | undefined>>;
}

export const TEST_SERIES_UID = '1.2.826.0.1.3680043.10.1';
const TEST_STUDY_UID = '1.2.826.0.1.3680043.10.2';
export const TEST_FRAME_UID = '1.2.826.0.1.3680043.10.3';

/** A CT image of 16-bit samples. */
export function ctSlice(slice: CtSlice): Uint8Array {
  const signed = slice.signed ?? true;
  const elements: Element[] = [
    { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'AXIAL'] },
    { tag: '00080016', vr: 'UI', value: CT_IMAGE_STORAGE },
    {
      tag: '00080018',
      vr: 'UI',
      value: slice.sopInstanceUid ?? `${TEST_SERIES_UID}.${slice.instanceNumber ?? 1}`,
    },
    { tag: '00080060', vr: 'CS', value: 'CT' },
    { tag: '00180050', vr: 'DS', value: '2' },
    { tag: '0020000d', vr: 'UI', value: TEST_STUDY_UID },
    { tag: '0020000e', vr: 'UI', value: slice.seriesUid ?? TEST_SERIES_UID },
    { tag: '00200013', vr: 'IS', value: String(slice.instanceNumber ?? 1) },
    { tag: '00200032', vr: 'DS', value: slice.position.map(String) },
    { tag: '00200037', vr: 'DS', value: (slice.orientation ?? [1, 0, 0, 0, 1, 0]).map(String) },
    { tag: '00200052', vr: 'UI', value: slice.frameOfReferenceUid ?? TEST_FRAME_UID },
    { tag: '00280002', vr: 'US', value: 1 },
    { tag: '00280004', vr: 'CS', value: 'MONOCHROME2' },
    { tag: '00280010', vr: 'US', value: slice.rows },
    { tag: '00280011', vr: 'US', value: slice.columns },
    { tag: '00280030', vr: 'DS', value: (slice.pixelSpacing ?? [1, 1]).map(String) },
    { tag: '00280100', vr: 'US', value: 16 },
    { tag: '00280101', vr: 'US', value: slice.bitsStored ?? 16 },
    { tag: '00280102', vr: 'US', value: (slice.bitsStored ?? 16) - 1 },
    { tag: '00280103', vr: 'US', value: signed ? 1 : 0 },
    ...(slice.padding === undefined ? [] : [paddingElement(slice.padding, signed)]),
    ...rescaleElements(slice.rescale ?? [1, 0]),
    { tag: '7fe00010', vr: 'OW', value: samples16(slice.pixels) },
  ];
  const changed = elements.filter(({ tag }) => !(tag in (slice.changes ?? {})));
  const added = Object.values(slice.changes ?? {}).filter((element) => element !== undefined);
  return writeDicom([...changed, ...added], writeOptions(slice));
}

function writeOptions(of: { readonly transferSyntaxUid?: string }): WriteOptions {
  return of.transferSyntaxUid === undefined ? {} : { transferSyntaxUid: of.transferSyntaxUid };
}

function paddingElement(padding: number, signed: boolean): Element {
  return { tag: '00280120', vr: signed ? 'SS' : 'US', value: padding };
}

function rescaleElements([slope, intercept]: readonly [number, number]): Element[] {
  return [
    { tag: '00281052', vr: 'DS', value: String(intercept) },
    { tag: '00281053', vr: 'DS', value: String(slope) },
  ];
}

export interface TestContour {
  readonly points: ArrayLike<number>;
  readonly type?: string;
  readonly sopInstanceUid?: string;
  /** ReferencedFrameNumber, counted from 1. */
  readonly frame?: number;
  /** Replaces the text of ContourData. */
  readonly data?: string;
  readonly declaredPoints?: number;
}

interface TestRoi {
  readonly number: number;
  readonly name: string | Uint8Array;
  readonly colour?: readonly [number, number, number];
  readonly contours: readonly TestContour[];
  readonly frameOfReferenceUid?: string;
}

export interface RtStruct {
  readonly rois: readonly TestRoi[];
  readonly studyUid?: string;
  readonly seriesUid?: string;
  readonly frameOfReferenceUid?: string;
  readonly characterSet?: readonly string[];
  readonly sopClassUid?: string;
  readonly transferSyntaxUid?: string;
}

/** An RT Structure Set with the sequences that XNAT's viewer writes. */
export function rtStruct(set: RtStruct): Uint8Array {
  const series: Element[][] =
    set.seriesUid === '' ? [] : [[ui('0020000e', set.seriesUid ?? TEST_SERIES_UID)]];
  const study: Element[] = [ui('00081155', set.studyUid ?? TEST_STUDY_UID), sequence('30060014', series)];
  const frame: Element[] = [
    ui('00200052', set.frameOfReferenceUid ?? TEST_FRAME_UID),
    sequence('30060012', [study]),
  ];
  return writeDicom(
    [
      ...(set.characterSet === undefined
        ? []
        : [{ tag: '00080005', vr: 'CS', value: set.characterSet } as const]),
      ui('00080016', set.sopClassUid ?? RT_STRUCTURE_SET_STORAGE),
      ui('00080018', RT_STRUCTURE_SET_UID),
      { tag: '00080060', vr: 'CS', value: 'RTSTRUCT' },
      ui('0020000d', set.studyUid ?? TEST_STUDY_UID),
      sequence('30060010', [frame]),
      sequence('30060020', set.rois.map(roiItem)),
      sequence('30060039', set.rois.map(roiContourItem)),
    ],
    {
      ...writeOptions(set),
      meta: fileMeta(set.sopClassUid ?? RT_STRUCTURE_SET_STORAGE, RT_STRUCTURE_SET_UID),
    },
  );
}

/** Without these some readers take a file for none of theirs. */
function fileMeta(sopClassUid: string, sopInstanceUid: string): Element[] {
  return [ui('00020002', sopClassUid), ui('00020003', sopInstanceUid)];
}

function roiItem({ number, name, frameOfReferenceUid }: TestRoi): Element[] {
  return [
    { tag: '30060022', vr: 'IS', value: String(number) },
    ...(frameOfReferenceUid === undefined ? [] : [ui('30060024', frameOfReferenceUid)]),
    { tag: '30060026', vr: 'LO', value: name },
  ];
}

function roiContourItem({ number, colour, contours }: TestRoi): Element[] {
  return [
    ...(colour === undefined ? [] : [{ tag: '3006002a', vr: 'IS', value: colour.map(String) } as const]),
    sequence('30060040', contours.map(contourItem)),
    { tag: '30060084', vr: 'IS', value: String(number) },
  ];
}

function contourItem(contour: TestContour): Element[] {
  const { points, type, data, declaredPoints } = contour;
  return [
    ...contourImage(contour),
    { tag: '30060042', vr: 'CS', value: type ?? 'CLOSED_PLANAR' },
    { tag: '30060046', vr: 'IS', value: String(declaredPoints ?? points.length / 3) },
    // UN keeps long contours whole: an explicit DS value ends at 65,534 bytes.
    { tag: '30060050', vr: 'UN', value: new TextEncoder().encode(data ?? Array.from(points).join('\\')) },
  ];
}

function contourImage({ sopInstanceUid, frame }: TestContour): Element[] {
  if (sopInstanceUid === undefined) return [];
  const item: Element[] = [
    ui('00081150', CT_IMAGE_STORAGE),
    ui('00081155', sopInstanceUid),
    ...(frame === undefined ? [] : [{ tag: '00081160', vr: 'IS', value: String(frame) } as const]),
  ];
  return [sequence('30060016', [item])];
}
