import { PipelineError } from '../../contracts/errors.ts';
import type { DicomFile } from './data-set.ts';
import { decodeRleFrame } from './rle.ts';
import type { EncodedFrame, PixelLayout, StoredPixels } from './slice.ts';
import { RLE_LOSSLESS } from './transfer-syntax.ts';

const PIXEL_DATA = 'x7fe00010';
const UNDEFINED_LENGTH = 0xffffffff;
const ITEM_TAG = 0xe000fffe;

/**
 * The parts of the only frame, as stored in the file: uncompressed samples, or the fragments of a compressed frame.
 *
 * @throws TruncatedDicom when PixelData (7FE0,0010) is absent or shorter than rows x columns x bytes per sample.
 */
export function locateFrame(
  { bytes, dataSet, transferSyntaxUid }: DicomFile,
  layout: PixelLayout,
): readonly Uint8Array[] {
  const element = dataSet.elements[PIXEL_DATA];
  if (element === undefined) throw truncated('it has no PixelData (7FE0,0010)');
  const encapsulated = element.length === UNDEFINED_LENGTH || transferSyntaxUid === RLE_LOSSLESS;
  if (encapsulated) return findFragments(bytes, element.dataOffset);
  const expected = layout.rows * layout.columns * (layout.bitsAllocated / 8);
  const available = Math.min(element.length, bytes.length - element.dataOffset);
  if (available < expected) throw truncated(`it holds ${available} of ${expected} bytes of pixel data`);
  return [bytes.subarray(element.dataOffset, element.dataOffset + expected)];
}

/** Decodes a frame into a typed array; copies only when samples are unaligned, packed or compressed. */
export function decodeFrame({ parts, layout, transferSyntaxUid }: EncodedFrame): StoredPixels {
  const frame = parts.length === 1 ? (parts[0] as Uint8Array) : concatenate(parts);
  const count = layout.rows * layout.columns;
  const bytesPerSample = layout.bitsAllocated / 8;
  const plain = transferSyntaxUid === RLE_LOSSLESS ? decodeRleFrame(frame, count, bytesPerSample) : frame;
  const samples = viewSamples(plain, layout, count);
  return layout.bitsStored === layout.bitsAllocated ? samples : unpack(samples, layout);
}

/** Fragments of a single-frame image: every item after the basic offset table belongs to the frame. */
function findFragments(bytes: Uint8Array, start: number): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fragments: Uint8Array[] = [];
  let at = start;
  while (at + 8 <= bytes.length && view.getUint32(at, true) === ITEM_TAG) {
    const length = view.getUint32(at + 4, true);
    if (at + 8 + length > bytes.length) throw truncated('a pixel data fragment is cut off');
    fragments.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const [, ...frame] = fragments;
  if (frame.length === 0) throw truncated('its encapsulated pixel data holds no frame');
  return frame;
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

function viewSamples(bytes: Uint8Array, { bitsAllocated, signed }: PixelLayout, count: number): StoredPixels {
  const size = bitsAllocated / 8;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  if (size === 1) return signed ? new Int8Array(buffer, byteOffset, count) : aligned.subarray(0, count);
  if (size === 2) {
    return signed ? new Int16Array(buffer, byteOffset, count) : new Uint16Array(buffer, byteOffset, count);
  }
  return signed ? new Int32Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count);
}

/** Drops bits outside BitsStored (old files keep overlays there) and extends the sign. */
function unpack(samples: StoredPixels, { bitsStored, highBit, signed }: PixelLayout): StoredPixels {
  const left = 31 - highBit;
  const right = 32 - bitsStored;
  const out = samples.slice();
  for (let at = 0; at < out.length; at++) {
    const moved = (samples[at] as number) << left;
    out[at] = signed ? moved >> right : moved >>> right;
  }
  return out;
}

function truncated(why: string): PipelineError {
  return new PipelineError('TruncatedDicom', `the image is incomplete: ${why}; transfer the file again`);
}
