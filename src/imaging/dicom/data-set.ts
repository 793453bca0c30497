import type { DataSet } from 'dicom-parser';
import dicomParser from 'dicom-parser';
import { PipelineError } from '../../contracts/errors.ts';
import { requireReadableSyntax } from './transfer-syntax.ts';

/** A parsed DICOM file; elements are views into the caller's bytes, nothing is copied. */
export interface DicomFile {
  readonly bytes: Uint8Array;
  readonly transferSyntaxUid: string;
  readonly dataSet: DataSet;
}

/** An attribute as people read it and as the parser names it: (0020,0032) is `x00200032`. */
export interface Attribute {
  readonly name: string;
  readonly tag: `x${string}`;
}

const PREAMBLE_LENGTH = 128;
const TRANSFER_SYNTAX_UID: Attribute = { name: 'TransferSyntaxUID', tag: 'x00020010' };

/**
 * Parses a DICOM Part 10 file.
 *
 * @param untilTag - stop at this top-level tag; its own value is not walked through.
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax
 */
export function openDicom(source: Uint8Array, untilTag?: string): DicomFile {
  // A Node Buffer's slice() shares memory where an array's copies, so it is not let past this line.
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  requirePreamble(bytes);
  const meta = guarded(() => dicomParser.readPart10Header(bytes));
  const transferSyntaxUid = requireString(meta, TRANSFER_SYNTAX_UID);
  requireReadableSyntax(transferSyntaxUid);
  const options = untilTag === undefined ? {} : { untilTag };
  return { bytes, transferSyntaxUid, dataSet: guarded(() => dicomParser.parseDicom(bytes, options)) };
}

function tagText({ name, tag }: Attribute): string {
  return `${name} (${tag.slice(1, 5).toUpperCase()},${tag.slice(5).toUpperCase()})`;
}

/** First value of a text attribute without padding; undefined when absent or empty. */
export function readString(dataSet: DataSet, { tag }: Attribute): string | undefined {
  const text = guarded(() => dataSet.string(tag))?.trim();
  return text === undefined || text === '' ? undefined : text;
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
  const values = readStrings(dataSet, attribute).map((value) => (value === '' ? Number.NaN : Number(value)));
  return values.length === 0 || values.some((value) => !Number.isFinite(value)) ? undefined : values;
}

export function requireNumbers(dataSet: DataSet, attribute: Attribute, count: number): number[] {
  const values = readNumbers(dataSet, attribute);
  return values === undefined || values.length < count ? missing(attribute, count) : values;
}

export function readUint16(dataSet: DataSet, { tag }: Attribute): number | undefined {
  return guarded(() => dataSet.uint16(tag));
}

export function readInt16(dataSet: DataSet, { tag }: Attribute): number | undefined {
  return guarded(() => dataSet.int16(tag));
}

export function requireUint16(dataSet: DataSet, attribute: Attribute): number {
  return readUint16(dataSet, attribute) ?? missing(attribute);
}

/** Items of a sequence; an absent or empty sequence has none. */
export function readItems(dataSet: DataSet, { tag }: Attribute): DataSet[] {
  const items = dataSet.elements[tag]?.items ?? [];
  return items.flatMap((item) => (item.dataSet === undefined ? [] : [item.dataSet]));
}

/** The bytes of a value as stored; undefined when absent or empty. */
export function readBytes(dataSet: DataSet, { tag }: Attribute): Uint8Array | undefined {
  const element = dataSet.elements[tag];
  if (element === undefined || element.length === 0) return undefined;
  return dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
}

function requirePreamble(bytes: Uint8Array): void {
  const [d, i, c, m] = bytes.subarray(PREAMBLE_LENGTH, PREAMBLE_LENGTH + 4);
  if (d === 0x44 && i === 0x49 && c === 0x43 && m === 0x4d) return;
  throw new PipelineError(
    'NotDicom',
    'the file has no "DICM" prefix at byte 128, so it is not a DICOM Part 10 file; remove it or export it again',
    { byteLength: bytes.length },
  );
}

function missing(attribute: Attribute, count?: number): never {
  const what = count === undefined ? 'is missing or empty' : `does not hold ${count} number(s)`;
  throw new PipelineError(
    'MissingAttribute',
    `${tagText(attribute)} ${what}; the file cannot be placed in a volume: export the series again`,
    { attribute: attribute.name, tag: attribute.tag.slice(1) },
  );
}

/** The parser throws plain strings and range errors when a length points past the end of the file. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PipelineError(
      'TruncatedDicom',
      'the DICOM data set ends early or its element lengths are damaged; transfer the file again',
      {},
      { cause },
    );
  }
}
