import { PipelineError } from '../../contracts/errors.ts';

/** How the elements of a data set are written (PS3.5 section 7). */
export interface ElementEncoding {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
}

/** Where the value of an element lies. */
export interface ElementPlace {
  /** The two letters of the VR; empty where the data set does not write them. */
  readonly vr: string;
  /** First byte of the value, counted from the start of the bytes. */
  readonly offset: number;
  /** Bytes of the value; {@link UNDEFINED_LENGTH} when a delimiter ends it. */
  readonly length: number;
  readonly encoding: ElementEncoding;
}

export const UNDEFINED_LENGTH = 0xffffffff;
export const PIXEL_DATA_TAG = 0x7fe00010;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;

/** VRs whose explicit length takes four bytes after two reserved ones (PS3.5 table 7.1-1). */
const LONG_VRS = new Set(
  ['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'].map(
    (vr) => vr.charCodeAt(0) * 0x100 + vr.charCodeAt(1),
  ),
);
const UNKNOWN_VR = 0x554e;
const IMPLICIT_LITTLE: ElementEncoding = { explicitVr: false, littleEndian: true };

/** Far above what any object holds; a file of nothing but empty elements or items must not fill the memory. */
const MAX_ELEMENTS = 65_536;
const MAX_ITEMS = 262_144;
const MAX_DEPTH = 64;

/** The bytes of a file, with the views that reading numbers and text takes. */
export class ByteSource {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #text: Buffer;

  /** @param source - a Buffer too; its slice() would share memory where an array's copies, so it is not passed on. */
  constructor(source: Uint8Array) {
    this.bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    this.#text = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  }

  /** Bytes as characters of the same number. */
  latin1(start: number, end: number): string {
    return this.#text.toString('latin1', start, end);
  }
}

/**
 * The elements of a data set or of one sequence item: an index of where they begin, made when it is first asked for.
 *
 * Values stay in the file's bytes. A sequence of defined length is stepped over without being read, so a header costs
 * the same however much hangs below it, and nesting costs nothing until somebody descends.
 */
export class DataSet {
  readonly source: ByteSource;
  readonly #encoding: ElementEncoding;
  readonly #start: number;
  readonly #end: number;
  #starts: Map<number, number> | undefined;
  #items: Map<number, readonly DataSet[]> | undefined;

  constructor(source: ByteSource, start: number, end: number, encoding: ElementEncoding) {
    this.source = source;
    this.#encoding = encoding;
    this.#start = start;
    this.#end = end;
  }

  /** @throws TruncatedDicom when an element's length points past the end. */
  find(tag: number): ElementPlace | undefined {
    if (this.#starts === undefined) this.index(this.#start, true);
    const start = this.#starts?.get(tag);
    return start === undefined ? undefined : readPlace(this.source.view, start, this.#end, this.#encoding);
  }

  /**
   * Notes every element from `start` to the end or to the item's delimiter; PixelData ends a data set for us.
   *
   * @returns the byte after the last element or delimiter.
   */
  index(start: number, ownsEnd: boolean): number {
    const { view } = this.source;
    const starts = new Map<number, number>();
    this.#starts = starts;
    let at = start;
    // Fewer than eight bytes at the end, or zeros, are the padding that some writers leave.
    while (at + 8 <= this.#end) {
      const tag = readTag(view, at, this.#encoding);
      if (tag === ITEM_END) return at + 8;
      if (tag === 0) break;
      if (starts.size === MAX_ELEMENTS) throw damaged(`a data set has more than ${MAX_ELEMENTS} elements`);
      starts.set(tag, at);
      if (tag === PIXEL_DATA_TAG && ownsEnd) return this.#end;
      at = skipElement(view, at, this.#end, this.#encoding, 0);
    }
    if (!ownsEnd) throw damaged('an item has no end');
    return this.#end;
  }

  /** Items of a sequence, in order; none when it is absent or empty. They are kept, so asking again costs nothing. */
  items(tag: number): readonly DataSet[] {
    const known = this.#items?.get(tag);
    if (known !== undefined) return known;
    const sequence = this.find(tag);
    const items = sequence === undefined || sequence.length === 0 ? [] : this.#readItems(sequence);
    this.#items ??= new Map();
    this.#items.set(tag, items);
    return items;
  }

  #readItems({ offset, length, encoding }: ElementPlace): readonly DataSet[] {
    const { view } = this.source;
    const end = length === UNDEFINED_LENGTH ? this.#end : offset + length;
    const items: DataSet[] = [];
    let at = offset;
    while (at + 8 <= end) {
      const head = readTag(view, at, encoding);
      if (head === SEQUENCE_END) return items;
      if (head !== ITEM) throw damaged('a sequence holds something that is not an item');
      if (items.length === MAX_ITEMS) throw damaged(`a sequence has more than ${MAX_ITEMS} items`);
      const itemLength = view.getUint32(at + 4, encoding.littleEndian);
      const start = at + 8;
      const itemEnd = itemLength === UNDEFINED_LENGTH ? end : start + itemLength;
      if (itemEnd > end) throw damaged('an item is longer than its sequence');
      const item = new DataSet(this.source, start, itemEnd, encoding);
      at = itemLength === UNDEFINED_LENGTH ? item.index(start, false) : itemEnd;
      items.push(item);
    }
    if (length === UNDEFINED_LENGTH) throw damaged('a sequence has no end');
    return items;
  }
}

/** Reads the header of the element that starts at a byte. @throws TruncatedDicom */
export function readPlace(view: DataView, at: number, end: number, encoding: ElementEncoding): ElementPlace {
  const code = vrCode(view, at, encoding);
  const { littleEndian } = encoding;
  if (code === 0) {
    const valueEncoding = encoding.explicitVr ? { explicitVr: false, littleEndian } : encoding;
    return { vr: '', offset: at + 8, length: view.getUint32(at + 4, littleEndian), encoding: valueEncoding };
  }
  const vr = String.fromCharCode(code >> 8, code & 0xff);
  if (!LONG_VRS.has(code))
    return { vr, offset: at + 8, length: view.getUint16(at + 6, littleEndian), encoding };
  if (at + 12 > end) throw damaged('the header of an element is cut off');
  // Sequences in elements of unknown VR are implicit little endian whatever the file is (PS3.5 section 6.2.2).
  const valueEncoding = code === UNKNOWN_VR ? IMPLICIT_LITTLE : encoding;
  return { vr, offset: at + 12, length: view.getUint32(at + 8, littleEndian), encoding: valueEncoding };
}

/**
 * Steps over the element that starts at a byte; only values of undefined length are walked through.
 *
 * This runs for every element of every file, so it makes no objects.
 *
 * @returns the byte after its value.
 * @throws TruncatedDicom
 */
export function skipElement(
  view: DataView,
  at: number,
  end: number,
  encoding: ElementEncoding,
  depth: number,
): number {
  const code = vrCode(view, at, encoding);
  const isLong = code !== 0 && LONG_VRS.has(code);
  if (isLong && at + 12 > end) throw damaged('the header of an element is cut off');
  const offset = at + (isLong ? 12 : 8);
  const length =
    code === 0 || isLong
      ? view.getUint32(offset - 4, encoding.littleEndian)
      : view.getUint16(at + 6, encoding.littleEndian);
  if (length === UNDEFINED_LENGTH) {
    return skipItems(view, offset, end, readPlace(view, at, end, encoding).encoding, depth);
  }
  if (offset + length > end) throw damaged('an element is longer than what is left of the file');
  return offset + length;
}

/** @returns the byte after the delimiter of a sequence, or of encapsulated fragments, of undefined length. */
function skipItems(
  view: DataView,
  start: number,
  end: number,
  encoding: ElementEncoding,
  depth: number,
): number {
  if (depth === MAX_DEPTH) throw damaged(`sequences are nested more than ${MAX_DEPTH} deep`);
  let at = start;
  while (at + 8 <= end) {
    const tag = readTag(view, at, encoding);
    if (tag === SEQUENCE_END) return at + 8;
    if (tag !== ITEM) throw damaged('a sequence holds something that is not an item');
    const length = view.getUint32(at + 4, encoding.littleEndian);
    at = length === UNDEFINED_LENGTH ? skipItem(view, at + 8, end, encoding, depth) : at + 8 + length;
  }
  throw damaged('a sequence has no end');
}

function skipItem(
  view: DataView,
  start: number,
  end: number,
  encoding: ElementEncoding,
  depth: number,
): number {
  let at = start;
  while (at + 8 <= end) {
    const tag = readTag(view, at, encoding);
    if (tag === ITEM_END) return at + 8;
    if (tag === 0) break;
    at = skipElement(view, at, end, encoding, depth + 1);
  }
  throw damaged('an item has no end');
}

/** The tag of the element that starts at a byte, as `0xggggeeee`. */
export function readTag(view: DataView, at: number, { littleEndian }: ElementEncoding): number {
  return view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian);
}

/**
 * The two letters of an element's VR as a number; 0 when it is written without.
 *
 * No two capital letters in an explicit data set mean an element without VR, as some writers leave them there.
 */
function vrCode(view: DataView, at: number, { explicitVr }: ElementEncoding): number {
  if (!explicitVr) return 0;
  const code = view.getUint16(at + 4);
  const first = code >> 8;
  const second = code & 0xff;
  return first >= 65 && first <= 90 && second >= 65 && second <= 90 ? code : 0;
}

function damaged(why: string): PipelineError {
  return new PipelineError(
    'TruncatedDicom',
    `the DICOM data set ends early or its element lengths are damaged: ${why}; transfer the file again`,
  );
}
