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

/** Reads the frame header of a JPEG-LS image without decoding it. @throws CorruptPixelData */
export function readJpegLsHeader(frame: Uint8Array): CodedImage {
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
