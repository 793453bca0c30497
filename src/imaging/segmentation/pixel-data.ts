import { PipelineError } from '../../contracts/errors.ts';
import { PIXEL_DATA_TAG, UNDEFINED_LENGTH } from '../dicom/data-elements.ts';
import { type FrameParts, locateFrames } from '../dicom/encapsulated-frames.ts';
import type { ByteRanges } from './byte-ranges.ts';
import type { SegFile } from './open-seg.ts';

/** How the pixels of a file are packed. */
export interface SegPixelFormat {
  readonly rows: number;
  readonly columns: number;
  /** 1, 8 or 16. */
  readonly bitsAllocated: number;
}

/** Where the pixels of each frame lie. */
export interface SegPixels {
  readonly transferSyntaxUid: string;
  readonly format: SegPixelFormat;
  readonly stored: NativePixels | CompressedPixels;
}

/** Frames follow each other without a gap, bit by bit where a pixel is one bit. */
export interface NativePixels {
  readonly ranges: ByteRanges;
  readonly offset: number;
  readonly length: number;
  /** Bytes lie in swapped pairs: big endian words. */
  readonly swapped: boolean;
}

export interface CompressedPixels {
  readonly frames: readonly FrameParts[];
}

/**
 * Finds the pixels of all frames; uncompressed ones are not read.
 *
 * @throws TruncatedDicom when PixelData (7FE0,0010) is absent or shorter than the frames
 * @throws CorruptPixelData when compressed fragments cannot be told apart by frame
 */
export function locatePixels(file: SegFile, format: SegPixelFormat, frames: number): SegPixels {
  const { dataSet, syntax, ranges, transferSyntaxUid } = file;
  if (syntax.codec !== undefined) {
    const count = { frames, frameBytes: 0, bytesPerSample: 1 };
    return { transferSyntaxUid, format, stored: { frames: locateFrames(dataSet, syntax, count) } };
  }
  const element = dataSet.find(PIXEL_DATA_TAG);
  if (element === undefined || element.length === UNDEFINED_LENGTH) {
    throw truncated('it has no PixelData (7FE0,0010) that can be read');
  }
  const needed = Math.ceil((frames * format.rows * format.columns * format.bitsAllocated) / 8);
  const length = Math.min(element.length, ranges.size - element.offset);
  if (length < needed) throw truncated(`${frames} frames need ${needed} bytes, ${length} are there`);
  const words = format.bitsAllocated === 16 || element.vr !== 'OB';
  const swapped = words && !element.encoding.littleEndian;
  return { transferSyntaxUid, format, stored: { ranges, offset: element.offset, length, swapped } };
}

export function truncated(why: string): PipelineError {
  return new PipelineError(
    'TruncatedDicom',
    `the segmentation is incomplete: ${why}; transfer the file again`,
  );
}
