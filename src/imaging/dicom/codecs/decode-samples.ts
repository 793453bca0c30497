import { inflateRawSync } from 'node:zlib';
import type { PixelLayout, StoredPixels } from '../slice.ts';
import type { CodecFamily } from '../transfer-syntax.ts';
import { type CodedImage, corrupt, requireAgreement } from './coded-image.ts';
import { decodeJpeg } from './jpeg/decode-jpeg.ts';
import { readJpeg2000Header, unwrapCodestream } from './jpeg-2000.ts';
import { readJpegLsHeader } from './jpeg-ls.ts';
import { preparedCodec } from './prepare-codecs.ts';
import { decodeRleFrame } from './rle.ts';

/** A decoded frame. */
export type DecodedFrame =
  /** Cells of BitsAllocated bits, little endian, as an uncompressed file holds them. */
  | { readonly cells: Uint8Array }
  /** One number per pixel whose low BitsStored bits are the stored value. */
  | { readonly samples: StoredPixels };

type FrameDecoder = (frame: Uint8Array, layout: PixelLayout) => DecodedFrame;

const DECODERS: Readonly<Record<CodecFamily, FrameDecoder>> = {
  rle: (frame, { rows, columns, bitsAllocated }) => ({
    cells: decodeRleFrame(frame, rows * columns, bitsAllocated / 8),
  }),
  'deflated-frame': (frame, layout) => ({ cells: inflateFrame(frame, layout) }),
  jpeg: (frame, layout) => ({ samples: decodeJpeg(frame, layout) }),
  'jpeg-ls': (frame, layout) => decodeByWasm('jpeg-ls', readJpegLsHeader(frame), frame, layout),
  'jpeg-2000': (frame, layout) => decodeJpeg2000('jpeg-2000', unwrapCodestream(frame), layout),
  htj2k: (frame, layout) => decodeJpeg2000('htj2k', unwrapCodestream(frame), layout),
};

/** @throws CorruptPixelData, DecompressionBomb; InternalError without `prepareCodecs` */
export function decodeSamples(family: CodecFamily, frame: Uint8Array, layout: PixelLayout): DecodedFrame {
  return DECODERS[family](frame, layout);
}

function decodeJpeg2000(family: CodecFamily, codestream: Uint8Array, layout: PixelLayout): DecodedFrame {
  return decodeByWasm(family, readJpeg2000Header(codestream), codestream, layout);
}

function decodeByWasm(
  family: CodecFamily,
  header: CodedImage,
  frame: Uint8Array,
  layout: PixelLayout,
): DecodedFrame {
  requireAgreement(header, layout, frame.length);
  return { samples: preparedCodec(family).decode(frame, layout, header.precision) };
}

/** Deflated Image Frame Compression (PS3.5 section 8.2.16): the cells of one frame in a raw deflate stream. */
function inflateFrame(frame: Uint8Array, { rows, columns, bitsAllocated }: PixelLayout): Uint8Array {
  const expected = rows * columns * (bitsAllocated / 8);
  try {
    const cells = inflateRawSync(frame, { maxOutputLength: expected + 1 });
    if (cells.length >= expected) return cells.subarray(0, expected);
  } catch (cause) {
    throw corrupt('its deflate stream is damaged or longer than the image', cause);
  }
  throw corrupt('its deflate stream ends before the image is complete');
}
