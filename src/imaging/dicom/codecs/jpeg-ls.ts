import { type CodedImage, corrupt } from './coded-image.ts';
import { nextSegment } from './jpeg/segments.ts';
import type { WasmPackage } from './wasm-module.ts';

export const CHARLS: WasmPackage = {
  loader: () => import('@cornerstonejs/codec-charls/decodewasmjs'),
  wasm: '@cornerstonejs/codec-charls/decodewasm',
  decoder: 'JpegLSDecoder',
};

/** Marker of a JPEG-LS frame header (ITU-T T.87 C.1.1). */
const SOF55 = 0xf7;

const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** Bytes that may follow the end: a fragment is padded to an even length, and some writers pad more. */
const MAX_PADDING = 16;

/**
 * Reads the frame header of a JPEG-LS image without decoding it. An image that is cut off is refused, because a decoder
 * may wait for its end forever.
 *
 * @throws CorruptPixelData
 */
export function readJpegLsHeader(frame: Uint8Array): CodedImage {
  const tail = frame.subarray(Math.max(0, frame.length - MAX_PADDING - END_OF_IMAGE.length));
  if (!Buffer.from(tail).includes(END_OF_IMAGE)) throw corrupt('its JPEG-LS image has no end');
  let at = 0;
  for (;;) {
    const segment = nextSegment(frame, at);
    if (segment === undefined) throw corrupt('it has no JPEG-LS frame header');
    if (segment.code === SOF55) {
      const [precision = 0, y1 = 0, y0 = 0, x1 = 0, x0 = 0, components = 0] = segment.content;
      return { precision, rows: (y1 << 8) | y0, columns: (x1 << 8) | x0, components };
    }
    at = segment.end;
  }
}
