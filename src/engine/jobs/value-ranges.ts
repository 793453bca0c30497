import type { PixelLayout, Slice, StoredPixels } from '../../imaging/dicom/slice.ts';
import { decodeFrame } from '../../imaging/dicom/stored-pixels.ts';
import { storedRange } from '../../imaging/series/stored-range.ts';
import type { ValueRange } from '../../imaging/series/value-range.ts';
import { readyCodecs } from '../ready-codecs.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../uncompressed.ts';
import type { OpenJob } from '../worker-protocol.ts';

interface RangeTask {
  /** Index of the slice in `slices`. */
  readonly slice: number;
  /** Shared memory for its decoded samples; null when they need not be kept. */
  readonly keepIn: Uint8Array | null;
}

export interface SliceRange {
  readonly range: ValueRange;
  /** How the samples lie in the memory that was given; null when they were not kept. */
  readonly kept: PixelLayout | null;
}

/** Finds the range of each slice among its pixels and keeps what it decoded, so that no frame is decoded twice. */
export const openValueRanges: OpenJob<readonly Slice[], RangeTask, SliceRange> = async (slices) => {
  await readyCodecs(slices);
  return ({ slice: index, keepIn }) => {
    const slice = slices[index] as Slice;
    const pixels = decodeFrame(slice.encoded);
    const layout = layoutOf(pixels, slice);
    const plain = { transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, layout, parts: [bytesOf(pixels)] };
    const range = storedRange({ ...slice, encoded: plain });
    if (keepIn === null || keepIn.length !== pixels.byteLength) return { value: { range, kept: null } };
    keepIn.set(bytesOf(pixels));
    return { value: { range, kept: layout } };
  };
};

function bytesOf({ buffer, byteOffset, byteLength }: StoredPixels): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function layoutOf(pixels: StoredPixels, { rows, columns }: Slice): PixelLayout {
  const bits = 8 * pixels.BYTES_PER_ELEMENT;
  const signed = pixels instanceof Int8Array || pixels instanceof Int16Array || pixels instanceof Int32Array;
  return { rows, columns, bitsAllocated: bits, bitsStored: bits, highBit: bits - 1, signed };
}
