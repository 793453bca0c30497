/**
 * A small DICOM Part 10 writer for tests: Explicit VR Little Endian by default, Implicit VR on demand.
 *
 * It writes what it is told, valid or not, because tests of a reader need broken files too.
 */

type Vr = 'AE' | 'CS' | 'DS' | 'IS' | 'LO' | 'PN' | 'SH' | 'UI' | 'US' | 'SS' | 'OB' | 'OW' | 'SQ' | 'UN';
type Value = string | number | readonly number[] | readonly string[] | Uint8Array | readonly Element[][];

/** One element: tag as eight hexadecimal digits (`00280010`), VR and value; a sequence's value is its items. */
export interface Element {
  readonly tag: string;
  readonly vr: Vr;
  readonly value: Value;
}

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const RLE_LOSSLESS = '1.2.840.10008.1.2.5';
const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const RT_STRUCTURE_SET_STORAGE = '1.2.840.10008.5.1.4.1.1.481.3';

/** VRs whose explicit length takes four bytes after two reserved ones (PS3.5 table 7.1-1). */
const LONG_VRS: readonly Vr[] = ['OB', 'OW', 'SQ', 'UN'];

/** A whole file: preamble, file meta information and the data set. */
function writeDicom(elements: readonly Element[], transferSyntaxUid = EXPLICIT_LITTLE_ENDIAN): Uint8Array {
  const meta = writeElements([{ tag: '00020010', vr: 'UI', value: transferSyntaxUid }], false);
  const length = writeElements([{ tag: '00020000', vr: 'UN', value: uint32(meta.length) }], false);
  // Group length is UL, which this writer does not know; the UN header is rewritten by hand.
  const groupLength = concat([length.subarray(0, 4), ascii('UL'), Uint8Array.of(4, 0), uint32(meta.length)]);
  const implicit = transferSyntaxUid === IMPLICIT_LITTLE_ENDIAN;
  return concat([new Uint8Array(128), ascii('DICM'), groupLength, meta, writeElements(elements, implicit)]);
}

function writeElements(elements: readonly Element[], implicit: boolean): Uint8Array {
  const sorted = [...elements].sort((a, b) => (a.tag < b.tag ? -1 : 1));
  return concat(sorted.map((element) => writeElement(element, implicit)));
}

function writeElement({ tag, vr, value }: Element, implicit: boolean): Uint8Array {
  const bytes = vr === 'SQ' ? writeItems(value as readonly Element[][], implicit) : encode(vr, value);
  const head = concat([
    uint16(Number.parseInt(tag.slice(0, 4), 16)),
    uint16(Number.parseInt(tag.slice(4), 16)),
  ]);
  if (implicit) return concat([head, uint32(bytes.length), bytes]);
  const long = LONG_VRS.includes(vr);
  const length = long ? concat([uint16(0), uint32(bytes.length)]) : uint16(bytes.length);
  return concat([head, ascii(vr), length, bytes]);
}

function writeItems(items: readonly Element[][], implicit: boolean): Uint8Array {
  return concat(
    items.map((item) => {
      const content = writeElements(item, implicit);
      return concat([uint16(0xfffe), uint16(0xe000), uint32(content.length), content]);
    }),
  );
}

function encode(vr: Vr, value: Value): Uint8Array {
  if (value instanceof Uint8Array) return padded(value, 0);
  const list = Array.isArray(value) ? value : [value];
  if (vr === 'US') return concat(list.map((number) => uint16(Number(number))));
  if (vr === 'SS') return concat(list.map((number) => uint16(Number(number) & 0xffff)));
  return padded(new TextEncoder().encode(list.join('\\')), vr === 'UI' ? 0 : 0x20);
}

/** Values have even length. */
function padded(bytes: Uint8Array, filler: number): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : concat([bytes, Uint8Array.of(filler)]);
}

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
  return writeDicom([...changed, ...added], slice.transferSyntaxUid);
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

/** 16-bit little-endian samples; negative numbers as two's complement. */
export function samples16(values: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Int16Array.from(values).buffer);
}

/** Encapsulated pixel data of one frame: an empty offset table, the fragments, the delimiter. */
export function encapsulate(fragments: readonly Uint8Array[]): Uint8Array {
  const item = (content: Uint8Array) =>
    concat([uint16(0xfffe), uint16(0xe000), uint32(content.length), content]);
  const delimiter = concat([uint16(0xfffe), uint16(0xe0dd), uint32(0)]);
  return concat([
    item(new Uint8Array()),
    ...fragments.map((fragment) => item(padded(fragment, 0))),
    delimiter,
  ]);
}

export interface TestContour {
  readonly points: ArrayLike<number>;
  readonly type?: string;
  readonly sopInstanceUid?: string;
  /** Replaces the text of ContourData. */
  readonly data?: string;
  readonly declaredPoints?: number;
}

interface TestRoi {
  readonly number: number;
  readonly name: string | Uint8Array;
  readonly colour?: readonly [number, number, number];
  readonly contours: readonly TestContour[];
}

export interface RtStruct {
  readonly rois: readonly TestRoi[];
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
  const study: Element[] = [ui('00081155', TEST_STUDY_UID), sequence('30060014', series)];
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
      ui('00080018', '1.2.826.0.1.3680043.10.4'),
      ui('0020000d', TEST_STUDY_UID),
      sequence('30060010', [frame]),
      sequence('30060020', set.rois.map(roiItem)),
      sequence('30060039', set.rois.map(roiContourItem)),
    ],
    set.transferSyntaxUid,
  );
}

function roiItem({ number, name }: TestRoi): Element[] {
  return [
    { tag: '30060022', vr: 'IS', value: String(number) },
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

function contourItem({ points, type, sopInstanceUid, data, declaredPoints }: TestContour): Element[] {
  const image =
    sopInstanceUid === undefined ? [] : [sequence('30060016', [[ui('00081155', sopInstanceUid)]])];
  return [
    ...image,
    { tag: '30060042', vr: 'CS', value: type ?? 'CLOSED_PLANAR' },
    { tag: '30060046', vr: 'IS', value: String(declaredPoints ?? points.length / 3) },
    // UN keeps long contours whole: an explicit DS value ends at 65,534 bytes.
    { tag: '30060050', vr: 'UN', value: new TextEncoder().encode(data ?? Array.from(points).join('\\')) },
  ];
}

function ui(tag: string, value: string): Element {
  return { tag, vr: 'UI', value };
}

function sequence(tag: string, items: readonly Element[][]): Element {
  return { tag, vr: 'SQ', value: items };
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff);
}

function uint32(value: number): Uint8Array {
  return concat([uint16(value & 0xffff), uint16(value >>> 16)]);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
