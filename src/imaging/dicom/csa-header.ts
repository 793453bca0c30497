const MAX_TAGS = 512;
const NAME_LENGTH = 64;
const TAG_HEADER_LENGTH = 84;
const ITEM_COUNT_OFFSET = 76;
const ITEM_HEADER_LENGTH = 16;

/** A CSA header being read; `at` moves. */
interface Cursor {
  readonly view: DataView;
  readonly text: Buffer;
  readonly isSv10: boolean;
  at: number;
}

/**
 * Reads the numbers of one entry of a Siemens CSA header (0029,1010), format SV10 or the one before it.
 *
 * The layout is public knowledge, not a standard: a count of entries; each with a name of 64 bytes, its number of items,
 * and items of four 32-bit lengths, followed by text padded to four bytes.
 *
 * @returns undefined when the header is damaged or does not have the entry.
 */
export function readCsaNumbers(header: Uint8Array, name: string): readonly number[] | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const text = Buffer.from(header.buffer, header.byteOffset, header.length);
  const isSv10 = text.toString('latin1', 0, 4) === 'SV10';
  const start = isSv10 ? 8 : 0;
  if (header.length < start + 8 + TAG_HEADER_LENGTH) return undefined;
  const tags = Math.min(view.getUint32(start, true), MAX_TAGS);
  const cursor: Cursor = { view, text, isSv10, at: start + 8 };
  // Before SV10 the stated lengths are larger by the number of items of the first entry.
  const surplus = isSv10 ? 0 : view.getInt32(cursor.at + ITEM_COUNT_OFFSET, true);
  for (let tag = 0; tag < tags && cursor.at + TAG_HEADER_LENGTH <= header.length; tag++) {
    const entry = text.toString('latin1', cursor.at, cursor.at + NAME_LENGTH).split('\0')[0];
    const values = readEntry(cursor, surplus);
    if (values === undefined || entry === name) return values;
  }
  return undefined;
}

/** Numbers of the entry that the cursor stands on; moves behind it. Items that are empty or no numbers are left out. */
function readEntry(cursor: Cursor, surplus: number): readonly number[] | undefined {
  const { view, text, isSv10 } = cursor;
  const items = view.getInt32(cursor.at + ITEM_COUNT_OFFSET, true);
  const values: number[] = [];
  cursor.at += TAG_HEADER_LENGTH;
  for (let item = 0; item < items && cursor.at + ITEM_HEADER_LENGTH <= text.length; item++) {
    const length = view.getInt32(cursor.at + (isSv10 ? 4 : 0), true) - surplus;
    cursor.at += ITEM_HEADER_LENGTH;
    const damaged = length < 0 || cursor.at + length > text.length;
    if (damaged) return isSv10 ? undefined : values;
    const value = Number.parseFloat(text.toString('latin1', cursor.at, cursor.at + Math.min(length, 32)));
    if (Number.isFinite(value)) values.push(value);
    cursor.at += Math.ceil(length / 4) * 4;
  }
  return values;
}
