import { PipelineError } from '../../contracts/errors.ts';
import {
  type ByteSource,
  type DataSet,
  type ElementPlace,
  PIXEL_DATA_TAG,
  UNDEFINED_LENGTH,
} from './data-elements.ts';
import type { TransferSyntax } from './transfer-syntax.ts';

const ITEM_TAG = 0xe000fffe;
const EXTENDED_OFFSETS = 0x7fe00001;
/** Far above the frames of any object; a file of nothing but empty fragments must not fill the memory. */
const MAX_FRAGMENTS = 1_000_000;

/** A piece of encapsulated pixel data; its offset is counted as offset tables count. */
interface Fragment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface FrameCount {
  readonly frames: number;
  /** Of one uncompressed frame. */
  readonly frameBytes: number;
  readonly bytesPerSample: number;
}

/** The parts of one frame: its samples in one part, or its fragments in order. Views into the file. */
export type FrameParts = readonly Uint8Array[];

/**
 * Finds every frame of PixelData (7FE0,0010).
 *
 * Uncompressed frames lie one behind the other. Fragments of compressed ones are told apart by the extended offset
 * table, the basic offset table, one fragment per frame, or the marker that every codestream begins with, in this
 * order; a table that does not fit the fragments is not believed.
 *
 * @throws TruncatedDicom when pixel data are absent, short or cut off.
 * @throws CorruptPixelData when fragments cannot be assigned to frames.
 */
export function locateFrames(
  dataSet: DataSet,
  syntax: TransferSyntax,
  { frames, frameBytes, bytesPerSample }: FrameCount,
): readonly FrameParts[] {
  const element = dataSet.find(PIXEL_DATA_TAG);
  if (element === undefined) throw truncated('it has no PixelData (7FE0,0010)');
  if (syntax.codec === undefined) {
    const bytes = plainPixels(dataSet.source, element, frames * frameBytes, bytesPerSample);
    return Array.from({ length: frames }, (_, n) => [bytes.subarray(n * frameBytes, (n + 1) * frameBytes)]);
  }
  const { table, fragments } = findFragments(dataSet.source, element);
  if (frames === 1) return [fragments.map(({ bytes }) => bytes)];
  const starts =
    frameStarts(extendedOffsets(dataSet), fragments, frames) ??
    frameStarts(basicOffsets(table), fragments, frames) ??
    (fragments.length === frames ? fragments.map((_, index) => index) : codestreamStarts(fragments));
  if (starts.length !== frames) {
    throw new PipelineError(
      'CorruptPixelData',
      `${fragments.length} fragments cannot be assigned to ${frames} frames; export the series uncompressed`,
      { fragments: fragments.length, frames },
    );
  }
  return starts.map((start, frame) => fragments.slice(start, starts[frame + 1]).map(({ bytes }) => bytes));
}

/** Samples of all frames. Bytes in big endian words (VR OW) come in turned pairs, which are turned back in a copy. */
function plainPixels(
  { bytes }: ByteSource,
  { offset, length, vr, encoding }: ElementPlace,
  expected: number,
  bytesPerSample: number,
): Uint8Array {
  const available = length === UNDEFINED_LENGTH ? 0 : Math.min(length, bytes.length - offset);
  if (available < expected) throw truncated(`it holds ${available} of ${expected} bytes of pixel data`);
  if (bytesPerSample > 1 || vr !== 'OW' || encoding.littleEndian) {
    return bytes.subarray(offset, offset + expected);
  }
  const wholeWords = expected + (expected % 2);
  if (available < wholeWords) throw truncated('its last word of pixel data is cut off');
  const words = Buffer.from(bytes.subarray(offset, offset + wholeWords));
  return new Uint8Array(words.swap16().buffer, words.byteOffset, expected);
}

/** The first item is the basic offset table, every other one a fragment. */
function findFragments(
  { bytes, view }: ByteSource,
  { offset, length }: ElementPlace,
): { table: Uint8Array; fragments: readonly Fragment[] } {
  const end = length === UNDEFINED_LENGTH ? bytes.length : Math.min(bytes.length, offset + length);
  let table: Uint8Array | undefined;
  let first = 0;
  const fragments: Fragment[] = [];
  let at = offset;
  while (at + 8 <= end && view.getUint32(at, true) === ITEM_TAG) {
    const stop = at + 8 + view.getUint32(at + 4, true);
    if (stop > bytes.length) throw truncated('a pixel data fragment is cut off');
    if (fragments.length === MAX_FRAGMENTS) throw truncated(`it has more than ${MAX_FRAGMENTS} fragments`);
    const content = bytes.subarray(at + 8, stop);
    if (table === undefined) {
      table = content;
      first = stop;
    } else fragments.push({ offset: at - first, bytes: content });
    at = stop;
  }
  if (table === undefined || fragments.length === 0) {
    throw truncated('its encapsulated pixel data holds no frame');
  }
  return { table, fragments };
}

/** ExtendedOffsetTable (7FE0,0001): 64-bit offsets of frames. */
function extendedOffsets(dataSet: DataSet): readonly number[] {
  const place = dataSet.find(EXTENDED_OFFSETS);
  if (place === undefined || place.length === UNDEFINED_LENGTH) return [];
  return Array.from({ length: Math.floor(place.length / 8) }, (_, n) =>
    Number(dataSet.source.view.getBigUint64(place.offset + 8 * n, true)),
  );
}

function basicOffsets(table: Uint8Array): readonly number[] {
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  return Array.from({ length: Math.floor(table.length / 4) }, (_, n) => view.getUint32(4 * n, true));
}

/** Index of the first fragment of each frame; undefined when the table has not one offset per frame, all of fragments. */
function frameStarts(
  offsets: readonly number[],
  fragments: readonly Fragment[],
  frames: number,
): readonly number[] | undefined {
  if (offsets.length !== frames || offsets[0] !== 0) return undefined;
  const indexOf = new Map(fragments.map(({ offset }, index) => [offset, index]));
  const starts = offsets.map((offset) => indexOf.get(offset) ?? -1);
  const ascending = starts.every((start, frame) => frame === 0 || start > (starts[frame - 1] as number));
  return ascending ? starts : undefined;
}

/** Fragments that begin like a JPEG or JPEG-LS image, a JPEG 2000 codestream or a JP2 file. */
function codestreamStarts(fragments: readonly Fragment[]): readonly number[] {
  return fragments.flatMap(({ bytes: [a, b, c, d, e, f] }, index) => {
    const jpeg = a === 0xff && b === 0xd8 && c === 0xff;
    const jpeg2000 = a === 0xff && b === 0x4f && c === 0xff;
    const jp2 = c === 0 && d === 0x0c && e === 0x6a && f === 0x50;
    return jpeg || jpeg2000 || jp2 ? [index] : [];
  });
}

function truncated(why: string): PipelineError {
  return new PipelineError('TruncatedDicom', `the image is incomplete: ${why}; transfer the file again`);
}
