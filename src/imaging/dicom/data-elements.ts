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
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
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
 * The elements of a data set or of one sequence item: an index of places, made when it is first asked for.
 *
 * Values stay in the file's bytes. A sequence of defined length is stepped over without being read, so a header costs
 * the same however much hangs below it, and nesting costs nothing until somebody descends.
 */
export class DataSet {
  readonly source: ByteSource;
  readonly #encoding: ElementEncoding;
  readonly #start: number;
  readonly #end: number;
  #places: Map<number, ElementPlace> | undefined;
  #items: Map<number, readonly DataSet[]> | undefined;

  constructor(source: ByteSource, start: number, end: number, encoding: ElementEncoding) {
    this.source = source;
    this.#encoding = encoding;
    this.#start = start;
    this.#end = end;
  }

  /** @throws TruncatedDicom when an element's length points past the end. */
  find(tag: number): ElementPlace | undefined {
    if (this.#places === undefined) this.index(this.#start, true);
    return this.#places?.get(tag);
  }

  /**
   * Notes every element from `start` to the end or to the item's delimiter; PixelData ends a data set for us.
   *
   * @returns the byte after the last element or delimiter.
   */
  index(start: number, ownsEnd: boolean): number {
    const places = new Map<number, ElementPlace>();
    this.#places = places;
    const cursor = new ElementCursor(this.source.view, start, this.#end, this.#encoding);
    while (cursor.next()) {
      if (cursor.tag === ITEM_END) return cursor.at;
      if (places.size === MAX_ELEMENTS) throw damaged(`a data set has more than ${MAX_ELEMENTS} elements`);
      places.set(cursor.tag, cursor.place());
      if (cursor.tag === PIXEL_DATA_TAG && ownsEnd) return this.#end;
      cursor.skip(0);
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

/** Steps from element to element. Fields describe the one it stands on; nothing is allocated per step but the VR. */
export class ElementCursor {
  tag = 0;
  /** First byte of the header of the element it stands on. */
  start = 0;
  /** The byte after the header of the element it stands on. */
  at: number;
  #vr = '';
  #length = 0;
  #valueEncoding: ElementEncoding;
  readonly #view: DataView;
  readonly #end: number;
  readonly #encoding: ElementEncoding;

  constructor(view: DataView, start: number, end: number, encoding: ElementEncoding) {
    this.#view = view;
    this.at = start;
    this.#end = end;
    this.#encoding = encoding;
    this.#valueEncoding = encoding;
  }

  /** Reads the next header; false at the end. Fewer than eight bytes, or zeros, are the padding some writers leave. */
  next(): boolean {
    const { at } = this;
    this.start = at;
    if (at + 8 > this.#end) return false;
    this.tag = readTag(this.#view, at, this.#encoding);
    if (this.tag === 0) return false;
    const group = Math.floor(this.tag / 0x10000);
    if (group === 0xfffe) this.#readLong(at + 4, '');
    else if (this.#encoding.explicitVr) this.#readExplicit(at + 4);
    else this.#readLong(at + 4, '');
    return true;
  }

  place(): ElementPlace {
    const length = this.#length;
    if (length !== UNDEFINED_LENGTH && this.at + length > this.#end && this.tag !== PIXEL_DATA_TAG) {
      throw damaged('an element is longer than what is left of the file');
    }
    return { vr: this.#vr, offset: this.at, length, encoding: this.#valueEncoding };
  }

  /** Moves behind the value; only values of undefined length are walked through. */
  skip(depth: number): void {
    if (this.#length !== UNDEFINED_LENGTH) this.at += this.#length;
    else this.at = skipItems(this.#view, this.at, this.#end, this.#valueEncoding, depth);
    if (this.at > this.#end) throw damaged('an element is longer than what is left of the file');
  }

  #readLong(at: number, vr: string): void {
    this.#vr = vr;
    this.#length = this.#view.getUint32(at, this.#encoding.littleEndian);
    this.#valueEncoding = this.#encoding;
    this.at = at + 4;
  }

  /** A VR that is no two capital letters is an element written without VR, as some writers do inside explicit files. */
  #readExplicit(at: number): void {
    const first = this.#view.getUint8(at);
    const second = this.#view.getUint8(at + 1);
    if (!isCapital(first) || !isCapital(second)) {
      this.#readLong(at, '');
      this.#valueEncoding = { ...this.#encoding, explicitVr: false };
      return;
    }
    const vr = VR_NAMES[(first - 65) * 26 + second - 65] as string;
    if (!LONG_VRS.has(vr)) {
      this.#vr = vr;
      this.#length = this.#view.getUint16(at + 2, this.#encoding.littleEndian);
      this.#valueEncoding = this.#encoding;
      this.at = at + 4;
      return;
    }
    if (at + 8 > this.#end) throw damaged('the header of an element is cut off');
    this.#readLong(at + 4, vr);
    // Sequences in elements of unknown VR are implicit little endian whatever the file is (PS3.5 section 6.2.2).
    if (vr === 'UN') this.#valueEncoding = IMPLICIT_LITTLE;
  }
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
  const cursor = new ElementCursor(view, start, end, encoding);
  while (cursor.next()) {
    if (cursor.tag === ITEM_END) return cursor.at;
    cursor.skip(depth + 1);
  }
  throw damaged('an item has no end');
}

function readTag(view: DataView, at: number, { littleEndian }: ElementEncoding): number {
  return view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian);
}

function isCapital(code: number): boolean {
  return code >= 65 && code <= 90;
}

/** Every pair of capital letters, so that reading a header makes no strings. */
const VR_NAMES = Array.from({ length: 26 * 26 }, (_, n) =>
  String.fromCharCode(65 + Math.floor(n / 26), 65 + (n % 26)),
);

export function damaged(why: string): PipelineError {
  return new PipelineError(
    'TruncatedDicom',
    `the DICOM data set ends early or its element lengths are damaged: ${why}; transfer the file again`,
  );
}
