import { PipelineError } from '../../contracts/errors.ts';
import { ByteSource, DataSet, type ElementPlace, UNDEFINED_LENGTH } from './data-elements.ts';
import { decimalsAt } from './decimal-string.ts';
import { hasVr, readFileMeta } from './file-meta.ts';
import { inflateDataSet } from './inflate-data-set.ts';
import { requireTransferSyntax, type TransferSyntax } from './transfer-syntax.ts';

export type { DataSet } from './data-elements.ts';

/** A DICOM file whose elements are views into the caller's bytes; nothing is copied unless the file is deflated. */
export interface DicomFile {
  readonly transferSyntaxUid: string;
  readonly syntax: TransferSyntax;
  readonly dataSet: DataSet;
}

/** An attribute as people read it and as files number it: (0020,0032) is `x00200032`. */
export interface Attribute {
  readonly name: string;
  readonly tag: `x${string}`;
}

/**
 * Opens a DICOM file: Part 10, or a bare data set in little endian.
 *
 * Elements are found when they are first asked for; PixelData (7FE0,0010) is never walked through.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax, DecompressionBomb
 */
export function openDicom(bytes: Uint8Array): DicomFile {
  const source = new ByteSource(bytes);
  const { transferSyntaxUid, dataSetStart } = readFileMeta(source);
  const syntax = requireTransferSyntax(transferSyntaxUid);
  const { littleEndian } = syntax.encoding;
  if (syntax.deflated) {
    const inflated = new ByteSource(inflateDataSet(source.bytes.subarray(dataSetStart)));
    return { transferSyntaxUid, syntax, dataSet: wholeDataSet(inflated, 0, true, littleEndian) };
  }
  // Some writers announce implicit VR and write explicit; the reverse is told apart element by element.
  const explicitVr = syntax.encoding.explicitVr || hasVr(source, dataSetStart);
  return { transferSyntaxUid, syntax, dataSet: wholeDataSet(source, dataSetStart, explicitVr, littleEndian) };
}

function wholeDataSet(
  source: ByteSource,
  start: number,
  explicitVr: boolean,
  littleEndian: boolean,
): DataSet {
  return new DataSet(source, start, source.view.byteLength, { explicitVr, littleEndian });
}

/** Longer than any list of names or identifiers; a text of gigabytes must not become a string. */
const MAX_TEXT = 1024 * 1024;
/** VRs under which a 16-bit number may be written; a wider one would be cut in half. */
const SHORT_VRS = new Set(['', 'US', 'SS', 'OW', 'UN']);

function tagText({ name, tag }: Attribute): string {
  return `${name} (${tag.slice(1, 5).toUpperCase()},${tag.slice(5).toUpperCase()})`;
}

export function hasAttribute(dataSet: DataSet, attribute: Attribute): boolean {
  return place(dataSet, attribute) !== undefined;
}

/** Text of an attribute, all its values, without padding; undefined when absent or empty. */
export function readString(dataSet: DataSet, attribute: Attribute): string | undefined {
  const found = place(dataSet, attribute);
  if (found === undefined || isUnreadable(found)) return undefined;
  const text = dataSet.source.latin1(found.offset, found.offset + Math.min(found.length, MAX_TEXT));
  const end = text.indexOf('\0');
  const trimmed = (end < 0 ? text : text.slice(0, end)).trim();
  return trimmed === '' ? undefined : trimmed;
}

export function requireString(dataSet: DataSet, attribute: Attribute): string {
  return readString(dataSet, attribute) ?? missing(attribute);
}

/** Values of a multi-valued text attribute (CS, LO, UI), each trimmed. */
export function readStrings(dataSet: DataSet, attribute: Attribute): string[] {
  const text = readString(dataSet, attribute);
  return text === undefined ? [] : text.split('\\').map((value) => value.trim());
}

/** Values of a DS or IS attribute; undefined when absent, empty or not a list of finite numbers. */
export function readNumbers(dataSet: DataSet, attribute: Attribute): number[] | undefined {
  const found = place(dataSet, attribute);
  if (found === undefined || isUnreadable(found)) return undefined;
  const values = decimalsAt(dataSet.source.bytes, found.offset, found.offset + found.length);
  return values && Array.from(values);
}

export function requireNumbers(dataSet: DataSet, attribute: Attribute, count: number): number[] {
  const values = readNumbers(dataSet, attribute);
  return values === undefined || values.length < count ? missing(attribute, count) : values;
}

/** First value of a US attribute. */
export function readUint16(dataSet: DataSet, attribute: Attribute): number | undefined {
  const found = shortPlace(dataSet, attribute);
  return found && dataSet.source.view.getUint16(found.offset, found.encoding.littleEndian);
}

/** Values of a US attribute, or of a table of 16-bit words; none when absent. */
export function readUint16s(dataSet: DataSet, attribute: Attribute): number[] {
  const found = placeOf(dataSet, attribute, 2);
  if (found === undefined) return [];
  return Array.from({ length: Math.min(Math.floor(found.length / 2), 65_536) }, (_, n) =>
    dataSet.source.view.getUint16(found.offset + 2 * n, found.encoding.littleEndian),
  );
}

/** First value of an SS attribute. */
export function readInt16(dataSet: DataSet, attribute: Attribute): number | undefined {
  const found = shortPlace(dataSet, attribute);
  return found && dataSet.source.view.getInt16(found.offset, found.encoding.littleEndian);
}

export function requireUint16(dataSet: DataSet, attribute: Attribute): number {
  return readUint16(dataSet, attribute) ?? missing(attribute);
}

/** Values of a UL attribute; undefined when absent or empty. */
export function readUint32s(dataSet: DataSet, attribute: Attribute): number[] | undefined {
  const found = placeOf(dataSet, attribute, 4);
  if (found === undefined) return undefined;
  const { view } = dataSet.source;
  return Array.from({ length: Math.floor(found.length / 4) }, (_, n) =>
    view.getUint32(found.offset + 4 * n, found.encoding.littleEndian),
  );
}

/** Values of an FD attribute; FL and DS are taken where the file says so. Undefined when absent, empty or not finite. */
export function readDoubles(dataSet: DataSet, attribute: Attribute): number[] | undefined {
  const vr = place(dataSet, attribute)?.vr;
  if (vr === 'DS' || vr === 'IS') return readNumbers(dataSet, attribute);
  const size = vr === 'FL' ? 4 : 8;
  const found = placeOf(dataSet, attribute, size);
  if (found === undefined) return undefined;
  const { view } = dataSet.source;
  const { littleEndian } = found.encoding;
  const values = Array.from({ length: Math.floor(found.length / size) }, (_, n) =>
    size === 4
      ? view.getFloat32(found.offset + 4 * n, littleEndian)
      : view.getFloat64(found.offset + 8 * n, littleEndian),
  );
  return values.every(Number.isFinite) ? values : undefined;
}

/** Items of a sequence; an absent or empty sequence has none. */
export function readItems(dataSet: DataSet, { tag }: Attribute): readonly DataSet[] {
  return dataSet.items(tagNumber(tag));
}

/** The bytes of a value as stored; undefined when absent or empty. */
export function readBytes(dataSet: DataSet, attribute: Attribute): Uint8Array | undefined {
  const found = placeOf(dataSet, attribute, 1);
  return found && dataSet.source.bytes.subarray(found.offset, found.offset + found.length);
}

function place(dataSet: DataSet, { tag }: Attribute): ElementPlace | undefined {
  return dataSet.find(tagNumber(tag));
}

/** The place of a value of at least `size` bytes. */
function placeOf(dataSet: DataSet, attribute: Attribute, size: number): ElementPlace | undefined {
  const found = place(dataSet, attribute);
  return found === undefined || isUnreadable(found) || found.length < size ? undefined : found;
}

function shortPlace(dataSet: DataSet, attribute: Attribute): ElementPlace | undefined {
  const found = placeOf(dataSet, attribute, 2);
  return found !== undefined && SHORT_VRS.has(found.vr) ? found : undefined;
}

function isUnreadable({ length }: ElementPlace): boolean {
  return length === 0 || length === UNDEFINED_LENGTH;
}

function tagNumber(tag: string): number {
  return Number.parseInt(tag.slice(1), 16);
}

function missing(attribute: Attribute, count?: number): never {
  const what = count === undefined ? 'is missing or empty' : `does not hold ${count} number(s)`;
  throw new PipelineError(
    'MissingAttribute',
    `${tagText(attribute)} ${what}; the file cannot be placed in a volume: export the series again`,
    { attribute: attribute.name, tag: attribute.tag.slice(1) },
  );
}
