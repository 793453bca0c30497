/** The value representations that the phantom writers need (PS3.5 6.2). */
export type Vr = 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'OB' | 'OW' | 'PN' | 'SH' | 'SQ' | 'TM' | 'UI' | 'US';

/** Text is written as UTF-8, numbers as US or decimal text by their VR, bytes as they are, data sets as items. */
type DicomValue = string | readonly string[] | readonly number[] | Uint8Array | readonly Dataset[];

type DicomElement = readonly [tag: number, vr: Vr, value: DicomValue];
export type Dataset = readonly DicomElement[];

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const IMPLEMENTATION_CLASS_UID = '2.25.329800735698586629295641978511506172918';
const SEQUENCE_ITEM = 0xfffee000;
const LONG_LENGTH: ReadonlySet<Vr> = new Set<Vr>(['OB', 'OW', 'SQ']);

/**
 * A DICOM Part 10 file: preamble, file meta information and `dataset` in Explicit VR Little Endian.
 * Elements may come in any order; SOP class and instance are taken from (0008,0016) and (0008,0018).
 */
export function writeDicomFile(dataset: Dataset): Buffer {
  const uid = (tag: number): string => String(dataset.find((element) => element[0] === tag)?.[2] ?? '');
  const meta = encodeDataset([
    [0x00020001, 'OB', Uint8Array.of(0, 1)],
    [0x00020002, 'UI', uid(0x00080016)],
    [0x00020003, 'UI', uid(0x00080018)],
    [0x00020010, 'UI', EXPLICIT_LITTLE_ENDIAN],
    [0x00020012, 'UI', IMPLEMENTATION_CLASS_UID],
    [0x00020013, 'SH', 'CONTOURFLOW'],
  ]);
  const groupLength = Buffer.from([0x02, 0, 0, 0, 0x55, 0x4c, 4, 0, 0, 0, 0, 0]);
  groupLength.writeUInt32LE(meta.length, 8);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), groupLength, meta, encodeDataset(dataset)]);
}

function encodeDataset(dataset: Dataset): Buffer {
  const ascending = [...dataset].sort((a, b) => a[0] - b[0]);
  return Buffer.concat(ascending.map(encodeElement));
}

function encodeElement([tag, vr, value]: DicomElement): Buffer {
  const content = encodeValue(vr, value);
  const header = Buffer.alloc(LONG_LENGTH.has(vr) ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  if (LONG_LENGTH.has(vr)) {
    header.writeUInt32LE(content.length, 8);
  } else {
    if (content.length > 0xfffe) throw new RangeError(`${vr} value of ${content.length} bytes is too long`);
    header.writeUInt16LE(content.length, 6);
  }
  return Buffer.concat([header, content]);
}

function encodeValue(vr: Vr, value: DicomValue): Buffer {
  if (value instanceof Uint8Array) return padded(Buffer.from(value), 0);
  if (vr === 'SQ') return Buffer.concat((value as readonly Dataset[]).map(encodeItem));
  const values = (Array.isArray(value) ? value : [value]) as readonly (string | number)[];
  if (vr === 'US') return Buffer.from(Uint16Array.from(values as readonly number[]).buffer);
  return padded(Buffer.from(values.join('\\'), 'utf8'), vr === 'UI' ? 0 : 0x20);
}

function encodeItem(item: Dataset): Buffer {
  const content = encodeDataset(item);
  const header = Buffer.alloc(8);
  header.writeUInt16LE(SEQUENCE_ITEM >>> 16, 0);
  header.writeUInt16LE(SEQUENCE_ITEM & 0xffff, 2);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

/** DICOM values have an even length. */
function padded(content: Buffer, filler: number): Buffer {
  return content.length % 2 === 0 ? content : Buffer.concat([content, Buffer.from([filler])]);
}

/** Decimal strings of at most 16 characters (VR DS), a ten-thousandth of the unit exact. */
export function decimalStrings(values: readonly number[]): string[] {
  return values.map((value) => String(Math.round(value * 1e4) / 1e4));
}

/** Direction cosines need more digits: 1e-10 is exact to a nanometre over a metre. */
export function cosineStrings(values: readonly number[]): string[] {
  return values.map((value) => String(Number(value.toFixed(10))));
}
