import type { EncodedFrame, PixelLayout, StoredPixels } from './slice.ts';
import { requireTransferSyntax } from './transfer-syntax.ts';

/**
 * Pixels of a frame that is not compressed; of a mosaic, the whole picture.
 *
 * @param memory - may be overwritten and hold the result, where that saves an array
 */
export function nativePixels(
  { parts, layout, transferSyntaxUid }: EncodedFrame,
  memory?: Int16Array | Float32Array,
): StoredPixels {
  const { encoding } = requireTransferSyntax(transferSyntaxUid);
  return readCells(joinParts(parts), layout, encoding.littleEndian, memory);
}

export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatenate(parts);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Numbers from cells of BitsAllocated bits. */
export function readCells(
  cells: Uint8Array,
  layout: PixelLayout,
  littleEndian: boolean,
  memory: Int16Array | Float32Array | undefined,
): StoredPixels {
  const { bitsAllocated, bitsStored, highBit } = layout;
  const size = bitsAllocated / 8;
  const aligned = cells.byteOffset % size === 0;
  const swapped = !littleEndian && size > 1;
  const own = swapped ? swapBytes(cells, size) : aligned ? cells : new Uint8Array(cells);
  const numbers = viewSamples(own, layout);
  return bitsStored === bitsAllocated ? numbers : unpack(copyOf(numbers, memory), layout, highBit);
}

function swapBytes(cells: Uint8Array, size: number): Uint8Array {
  const copy = Buffer.from(cells);
  return size === 2 ? copy.swap16() : copy.swap32();
}

export function viewSamples(
  bytes: Uint8Array,
  { rows, columns, bitsAllocated, signed }: PixelLayout,
): StoredPixels {
  const { buffer, byteOffset } = bytes;
  const count = rows * columns;
  if (bitsAllocated === 8)
    return signed ? new Int8Array(buffer, byteOffset, count) : bytes.subarray(0, count);
  if (bitsAllocated === 16) {
    return signed ? new Int16Array(buffer, byteOffset, count) : new Uint16Array(buffer, byteOffset, count);
  }
  return signed ? new Int32Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count);
}

/** Keeps BitsStored bits up to the high bit and extends the sign, in place. */
export function unpack(samples: StoredPixels, layout: PixelLayout, highBit: number): StoredPixels {
  if (layout.bitsAllocated === 16) unpackPairs(samples, layout, highBit);
  else unpackEach(samples, layout, highBit);
  return samples;
}

/** The file's own memory is never changed. */
function copyOf(samples: StoredPixels, memory: Int16Array | Float32Array | undefined): StoredPixels {
  // Pairs of samples are read as words, which begin at multiples of four.
  if (memory?.byteLength !== samples.byteLength || memory.byteOffset % 4 !== 0) return samples.slice();
  const Samples = samples.constructor as new (
    buffer: ArrayBufferLike,
    byteOffset: number,
    length: number,
  ) => StoredPixels;
  const copy = new Samples(memory.buffer, memory.byteOffset, samples.length);
  copy.set(samples);
  return copy;
}

function unpackEach(samples: StoredPixels, { bitsStored, signed }: PixelLayout, highBit: number): void {
  const left = 31 - highBit;
  const right = 32 - bitsStored;
  const { length } = samples;
  for (let at = 0; at < length; at++) {
    const moved = (samples[at] as number) << left;
    samples[at] = signed ? moved >> right : moved >>> right;
  }
}

const BOTH_HALVES = 0x00010001;

/** Samples of 16 bits, two at a time in one 32-bit word: this loop sees every voxel of most CT series. */
function unpackPairs(samples: StoredPixels, layout: PixelLayout, highBit: number): void {
  const { bitsStored, signed } = layout;
  const evenCount = samples.length & ~1;
  unpackEach(samples.subarray(evenCount), layout, highBit);
  const words = new Int32Array(samples.buffer, samples.byteOffset, evenCount / 2);
  const down = highBit + 1 - bitsStored;
  // What one half shifts into the other lies above its stored bits, and is masked away.
  const kept = ((1 << bitsStored) - 1) * BOTH_HALVES;
  const { length } = words;
  for (let at = 0; at < length; at++) words[at] = ((words[at] as number) >>> down) & kept;
  if (signed) extendSigns(words, bitsStored);
}

/** Fills each half above its stored bits with its sign. */
function extendSigns(words: Int32Array, bitsStored: number): void {
  const extension = (0xffff << bitsStored) & 0xffff;
  const signBit = bitsStored - 1;
  const { length } = words;
  for (let at = 0; at < length; at++) {
    const word = words[at] as number;
    words[at] = word | Math.imul((word >>> signBit) & BOTH_HALVES, extension);
  }
}
