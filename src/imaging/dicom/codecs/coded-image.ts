import { PipelineError } from '../../../contracts/errors.ts';
import type { PixelLayout } from '../slice.ts';

/** What the header of a compressed frame says about its image. */
export interface CodedImage {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** Bits per sample. */
  readonly precision: number;
}

/** Every image of so many pixels is decoded, however well it compresses. */
const ALWAYS_ALLOWED_PIXELS = 4 * 1024 * 1024;
/** A larger image must bring at least one byte for so many pixels; real ones bring a hundred times that. */
const MAX_PIXELS_PER_BYTE = 1000;
const MAX_FRAME_PIXELS = 2 ** 27;

/**
 * Refuses a frame before anything of its size is allocated.
 *
 * @throws CorruptPixelData when its own header disagrees with the file's Rows, Columns or bits.
 * @throws DecompressionBomb when a few bytes claim an image of many million pixels.
 */
export function requireAgreement(image: CodedImage, layout: PixelLayout, byteLength: number): void {
  const { rows, columns, components, precision } = image;
  if (rows !== layout.rows || columns !== layout.columns) {
    throw corrupt(`it is ${columns} x ${rows} pixels where the file says ${layout.columns} x ${layout.rows}`);
  }
  if (components !== 1) throw corrupt(`it has ${components} components where a grey image has one`);
  if (precision < 1 || precision > Math.min(16, layout.bitsAllocated)) {
    throw corrupt(`its samples have ${precision} bits where the file allocates ${layout.bitsAllocated}`);
  }
  requirePlausibleSize(rows * columns, byteLength);
}

/** @throws DecompressionBomb */
function requirePlausibleSize(pixels: number, byteLength: number): void {
  const allowed = Math.min(
    MAX_FRAME_PIXELS,
    Math.max(ALWAYS_ALLOWED_PIXELS, byteLength * MAX_PIXELS_PER_BYTE),
  );
  if (pixels <= allowed) return;
  throw new PipelineError(
    'DecompressionBomb',
    `a compressed frame of ${byteLength} bytes claims ${pixels} pixels; at most ${allowed} are decoded from it: export the series uncompressed`,
    { pixels, byteLength, allowedPixels: allowed },
  );
}

export function corrupt(why: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'CorruptPixelData',
    `a compressed frame cannot be decoded: ${why}; transfer the file again or export the series uncompressed`,
    {},
    cause === undefined ? {} : { cause },
  );
}
