import { PipelineError } from '../../contracts/errors.ts';
import type { FrameParts } from '../dicom/encapsulated-frames.ts';
import { decodeFrame } from '../dicom/stored-pixels.ts';
import { requireTransferSyntax } from '../dicom/transfer-syntax.ts';
import { clearSliceMask, type MaskBox, type SliceMask } from '../mask/slice-mask.ts';
import { unpackBits } from './packed-bits.ts';
import { type NativePixels, type SegPixels, truncated } from './pixel-data.ts';
import type { SegFrame } from './seg-object.ts';

/** Pixel values of one frame, row by row. */
export type FrameValues = Uint8Array | Uint16Array;

/** Whether a pixel value belongs to the segment. */
export type Membership =
  | { readonly kind: 'any' }
  | { readonly kind: 'at-least'; readonly value: number }
  | { readonly kind: 'equal'; readonly value: number };

/** A frame that may hold pixels of a segment. */
export interface SegmentFrame {
  readonly frame: SegFrame;
  /** The part of the frame that holds them all, when that is known. */
  readonly within?: MaskBox;
}

/** Where a segment's pixels are, and how they are told from others. */
export interface SegmentPixels {
  readonly member: Membership;
  readonly frames: readonly SegmentFrame[];
}

/**
 * Draws the pixels of a frame that belong to a segment into a mask of the frame's own size, which is cleared before.
 *
 * @param within - the only part of the frame where there can be any, when that is known.
 * @throws TruncatedDicom, CorruptPixelData, UnsupportedTransferSyntax
 */
export function drawFrame(
  pixels: SegPixels,
  frame: number,
  member: Membership,
  mask: SliceMask,
  within?: MaskBox,
): void {
  clearSliceMask(mask);
  const { format, stored } = pixels;
  if ('ranges' in stored && format.bitsAllocated === 1) {
    const firstBit = frame * format.rows * format.columns;
    const from = Math.floor(firstBit / 8);
    const shift = firstBit - 8 * from;
    const length = Math.ceil((shift + format.rows * format.columns) / 8);
    unpackBits(readNative(stored, from, length), shift, mask);
    return;
  }
  selectValues(frameValues(pixels, frame), member, mask, within);
}

/** All pixel values of a frame; of one-bit pixels 0 or not 0. */
export function frameValues(pixels: SegPixels, frame: number): FrameValues {
  const { format, stored } = pixels;
  const count = format.rows * format.columns;
  if ('frames' in stored) return decodeCompressed(pixels, stored.frames[frame] as FrameParts);
  const size = format.bitsAllocated / 8;
  const bytes = readNative(stored, frame * count * size, count * size);
  if (size === 1) return bytes;
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, count);
}

/** Bytes of uncompressed pixel data as a little-endian file would hold them. */
function readNative(
  { ranges, offset, length: available, swapped }: NativePixels,
  from: number,
  length: number,
): Uint8Array {
  if (!swapped) return ranges.read(offset + from, length);
  // Whole words from the pair that holds the first byte.
  const start = from - (from % 2);
  const end = Math.min(available, from + length + ((from + length) % 2));
  const pairs = ranges.read(offset + start, end - start).slice();
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    [pairs[at], pairs[at + 1]] = [pairs[at + 1] as number, pairs[at] as number];
  }
  return pairs.subarray(from - start, from - start + length);
}

function decodeCompressed({ format, transferSyntaxUid }: SegPixels, parts: FrameParts): FrameValues {
  const { rows, columns, bitsAllocated } = format;
  const decode = (width: number, height: number, bits: number) => {
    const layout = {
      rows: height,
      columns: width,
      bitsAllocated: bits,
      bitsStored: bits,
      highBit: bits - 1,
      signed: false,
    };
    return decodeFrame({ transferSyntaxUid, layout, parts }) as FrameValues;
  };
  const asBytes = () => decode(columns, rows, 8);
  if (bitsAllocated > 1) return decode(columns, rows, bitsAllocated);
  const { codec } = requireTransferSyntax(transferSyntaxUid);
  if (codec !== 'rle' && codec !== 'deflated-frame') return asBytes();
  const asBits = () => spreadBits(decode(Math.ceil((rows * columns) / 8), 1, 8), rows * columns);
  // Deflated frames hold bits; RLE is defined for bytes, but some writers pack eight pixels in each.
  return codec === 'rle' ? eitherOf(asBytes, asBits) : eitherOf(asBits, asBytes);
}

function eitherOf(first: () => FrameValues, second: () => FrameValues): FrameValues {
  try {
    return first();
  } catch (cause) {
    if (cause instanceof PipelineError) return second();
    throw cause;
  }
}

function spreadBits(packed: FrameValues, pixels: number): FrameValues {
  return Uint8Array.from(
    { length: pixels },
    (_, pixel) => ((packed[pixel >> 3] as number) >> (pixel & 7)) & 1,
  );
}

function selectValues(values: FrameValues, member: Membership, mask: SliceMask, within?: MaskBox): void {
  const { bits, columns, rows } = mask;
  if (values.length < columns * rows) throw truncated('a frame has too few pixels');
  const [least, most] = rangeOf(member);
  const { minColumn: left, maxColumn: right, minRow: top, maxRow: bottom } = within ?? wholeOf(mask);
  let { minColumn, maxColumn, minRow, maxRow } = mask.box;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const value = values[row * columns + column] as number;
      if (value < least || value > most) continue;
      bits[row * columns + column] = 1;
      if (column < minColumn) minColumn = column;
      if (column > maxColumn) maxColumn = column;
      if (row < minRow) minRow = row;
      maxRow = row;
    }
  }
  mask.box = { minColumn, maxColumn, minRow, maxRow };
}

function rangeOf(member: Membership): readonly [number, number] {
  if (member.kind === 'any') return [1, Number.POSITIVE_INFINITY];
  if (member.kind === 'equal') return [member.value, member.value];
  // A threshold of 0 still leaves out what has no share of the segment.
  return [Math.max(member.value, Number.MIN_VALUE), Number.POSITIVE_INFINITY];
}

function wholeOf({ columns, rows }: SliceMask): MaskBox {
  return { minColumn: 0, maxColumn: columns - 1, minRow: 0, maxRow: rows - 1 };
}
