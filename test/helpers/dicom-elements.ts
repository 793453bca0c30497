/**
 * The encoding half of a DICOM Part 10 writer for tests: every VR, every native transfer syntax, encapsulated pixels.
 *
 * It writes what it is told, valid or not, because tests of a reader need broken files too.
 */
import { deflateRawSync } from 'node:zlib';

type TextVr =
  | 'AE'
  | 'AS'
  | 'CS'
  | 'DA'
  | 'DS'
  | 'DT'
  | 'IS'
  | 'LO'
  | 'LT'
  | 'PN'
  | 'SH'
  | 'ST'
  | 'TM'
  | 'UC'
  | 'UI'
  | 'UR'
  | 'UT';
type NumberVr = 'US' | 'SS' | 'UL' | 'SL' | 'UV' | 'SV' | 'FL' | 'FD' | 'AT';
type BytesVr = 'OB' | 'OD' | 'OF' | 'OL' | 'OV' | 'OW' | 'UN';
type Vr = TextVr | NumberVr | BytesVr | 'SQ';
type Value = string | number | readonly number[] | readonly string[] | Uint8Array | readonly Element[][];

/**
 * One element: tag as eight hexadecimal digits (`00280010`), VR and value.
 *
 * A sequence's value is its items. Bytes are written as they are, whatever the VR; multi-byte words inside them are
 * little-endian and turn with the transfer syntax. AT takes tags as numbers (`0x00280010`).
 */
export interface Element {
  readonly tag: string;
  readonly vr: Vr;
  readonly value: Value;
}

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const DEFLATED_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const RLE_LOSSLESS = '1.2.840.10008.1.2.5';

const NATIVE = [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN, DEFLATED_LITTLE_ENDIAN];
const PIXEL_DATA = '7fe00010';
const UNDEFINED_LENGTH = 0xffffffff;

/** VRs whose explicit length takes four bytes after two reserved ones (PS3.5 table 7.1-1). */
const LONG_VRS: readonly Vr[] = [
  ...(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'] as const),
];
/** Bytes of one word, for values that turn with the byte order. */
const WORD_BYTES: Partial<Record<Vr, number>> = {
  ...{ US: 2, SS: 2, OW: 2, AT: 2 },
  ...{ UL: 4, SL: 4, FL: 4, OL: 4, OF: 4 },
  ...{ UV: 8, SV: 8, FD: 8, OV: 8, OD: 8 },
};

export interface WriteOptions {
  /** Explicit VR Little Endian when absent; any other than the native ones needs encapsulated pixel data. */
  readonly transferSyntaxUid?: string;
  /** Writes sequences and items with delimiters instead of lengths. */
  readonly undefinedLengths?: boolean;
  /** More elements of the file meta information, group 0002. */
  readonly meta?: readonly Element[];
}

interface Encoding {
  readonly implicit: boolean;
  readonly bigEndian: boolean;
  readonly encapsulated: boolean;
  readonly undefinedLengths: boolean;
}

const META_ENCODING: Encoding = {
  implicit: false,
  bigEndian: false,
  encapsulated: false,
  undefinedLengths: false,
};

/** A whole file: preamble, file meta information and the data set. */
export function writeDicom(elements: readonly Element[], options: WriteOptions = {}): Uint8Array {
  const syntax = options.transferSyntaxUid ?? EXPLICIT_LITTLE_ENDIAN;
  const uid: Element = { tag: '00020010', vr: 'UI', value: syntax };
  const meta = writeElements([uid, ...(options.meta ?? [])], META_ENCODING);
  const groupLength = writeElements([{ tag: '00020000', vr: 'UL', value: meta.length }], META_ENCODING);
  const dataSet = writeElements(elements, {
    implicit: syntax === IMPLICIT_LITTLE_ENDIAN,
    bigEndian: syntax === EXPLICIT_BIG_ENDIAN,
    encapsulated: !NATIVE.includes(syntax),
    undefinedLengths: options.undefinedLengths ?? false,
  });
  const body = syntax === DEFLATED_LITTLE_ENDIAN ? new Uint8Array(deflateRawSync(dataSet)) : dataSet;
  return concat([new Uint8Array(128), ascii('DICM'), groupLength, meta, body]);
}

function writeElements(elements: readonly Element[], encoding: Encoding): Uint8Array {
  const sorted = [...elements].sort((a, b) => (a.tag < b.tag ? -1 : 1));
  return concat(sorted.flatMap((element) => writeElement(element, encoding)));
}

function writeElement(element: Element, encoding: Encoding): Uint8Array[] {
  const { tag, vr, value } = element;
  const isSequence = vr === 'SQ';
  const bytes = isSequence
    ? writeItems(value as readonly Element[][], encoding)
    : encode(vr, value, encoding);
  const pixels = tag === PIXEL_DATA && encoding.encapsulated;
  const open = pixels || (isSequence && encoding.undefinedLengths);
  const head = [
    tagBytes(tag, encoding),
    ...lengthField(vr, open ? undefined : bytes.length, encoding),
    bytes,
  ];
  // The fragments of pixel data bring their own delimiter.
  return open && !pixels ? [...head, tagBytes('fffee0dd', encoding), word(0, 4, encoding)] : head;
}

function lengthField(vr: Vr, length: number | undefined, encoding: Encoding): Uint8Array[] {
  const long = word(length ?? UNDEFINED_LENGTH, 4, encoding);
  if (encoding.implicit) return [long];
  if (LONG_VRS.includes(vr)) return [ascii(vr), new Uint8Array(2), long];
  return [ascii(vr), word(length ?? 0, 2, encoding)];
}

function writeItems(items: readonly Element[][], encoding: Encoding): Uint8Array {
  const open = encoding.undefinedLengths;
  const parts = items.flatMap((item) => {
    const content = writeElements(item, encoding);
    const length = word(open ? UNDEFINED_LENGTH : content.length, 4, encoding);
    const end = open ? [tagBytes('fffee00d', encoding), word(0, 4, encoding)] : [];
    return [tagBytes('fffee000', encoding), length, content, ...end];
  });
  return concat(parts);
}

function encode(vr: Vr, value: Value, encoding: Encoding): Uint8Array {
  if (value instanceof Uint8Array) return turned(padded(value, 0), WORD_BYTES[vr] ?? 1, encoding);
  const list = (Array.isArray(value) ? value : [value]) as readonly (string | number)[];
  const size = WORD_BYTES[vr];
  if (size === undefined) return padded(new TextEncoder().encode(list.join('\\')), vr === 'UI' ? 0 : 0x20);
  return concat(list.map((number) => numberBytes(vr, Number(number), encoding)));
}

function numberBytes(vr: Vr, value: number, encoding: Encoding): Uint8Array {
  if (vr === 'AT') return tagBytes(value.toString(16).padStart(8, '0'), encoding);
  const size = WORD_BYTES[vr] ?? 2;
  const view = new DataView(new ArrayBuffer(size));
  if (vr === 'FL' || vr === 'OF') view.setFloat32(0, value, true);
  else if (vr === 'FD' || vr === 'OD') view.setFloat64(0, value, true);
  else if (size === 8) view.setBigInt64(0, BigInt(value), true);
  else if (size === 4) view.setInt32(0, value, true);
  else view.setInt16(0, value, true);
  return turned(new Uint8Array(view.buffer), size, encoding);
}

/** Words in the byte order of the file. */
function turned(bytes: Uint8Array, size: number, { bigEndian }: Encoding): Uint8Array {
  if (!bigEndian || size === 1) return bytes;
  const out = bytes.slice();
  for (let at = 0; at + size <= out.length; at += size) out.subarray(at, at + size).reverse();
  return out;
}

function tagBytes(tag: string, encoding: Encoding): Uint8Array {
  const half = (text: string) => word(Number.parseInt(text, 16), 2, encoding);
  return concat([half(tag.slice(0, 4)), half(tag.slice(4))]);
}

function word(value: number, size: 2 | 4, encoding: Encoding): Uint8Array {
  const bytes = Array.from({ length: size }, (_, at) => Math.floor(value / 256 ** at) & 0xff);
  return turned(Uint8Array.from(bytes), size, encoding);
}

/** Encapsulated pixel data: the offset table (empty unless given), each fragment, the delimiter. */
export function encapsulate(fragments: readonly Uint8Array[], offsets: readonly number[] = []): Uint8Array {
  const item = (content: Uint8Array) => [
    tagBytes('fffee000', META_ENCODING),
    word(content.length, 4, META_ENCODING),
    content,
  ];
  const table = concat(offsets.map((offset) => word(offset, 4, META_ENCODING)));
  const delimiter = [tagBytes('fffee0dd', META_ENCODING), word(0, 4, META_ENCODING)];
  return concat([
    ...item(table),
    ...fragments.flatMap((fragment) => item(padded(fragment, 0))),
    ...delimiter,
  ]);
}

/** 16-bit little-endian samples; negative numbers as two's complement. */
export function samples16(values: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Int16Array.from(values).buffer);
}

export function uid(tag: string, value: string): Element {
  return { tag, vr: 'UI', value };
}

export function sequence(tag: string, items: readonly Element[][]): Element {
  return { tag, vr: 'SQ', value: items };
}

/** DS of at most 16 characters (PS3.5 table 6.2-1). */
export function decimals(tag: string, values: readonly number[]): Element {
  return { tag, vr: 'DS', value: values.map(decimalText) };
}

export function decimalText(value: number): string {
  const text = String(value);
  if (text.length <= 16) return text;
  // Ten places hold every coordinate and cosine; trying lengths one by one is for the rest.
  if (value > -10_000 && value < 10_000 && (value > 1 || value < -1)) return value.toFixed(10);
  for (let digits = 15; digits > 0; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  return '0';
}

/** Values have even length. */
function padded(bytes: Uint8Array, filler: number): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : concat([bytes, Uint8Array.of(filler)]);
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
