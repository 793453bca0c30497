import { type CodedImage, corrupt } from './coded-image.ts';
import type { WasmPackage } from './wasm-module.ts';

export const OPENJPEG: WasmPackage = {
  loader: () => import('@cornerstonejs/codec-openjpeg/decodewasmjs'),
  wasm: '@cornerstonejs/codec-openjpeg/decodewasm',
  decoder: 'J2KDecoder',
};

/** High-Throughput JPEG 2000. */
export const OPENJPH: WasmPackage = {
  loader: () => import('@cornerstonejs/codec-openjph/wasmjs'),
  wasm: '@cornerstonejs/codec-openjph/wasm',
  decoder: 'HTJ2KDecoder',
};

const SIZ_LENGTH = 38;
/** Start of codestream and the SIZ marker that must follow it (ITU-T T.800 A.5.1). */
const CODESTREAM_START = Buffer.from([0xff, 0x4f, 0xff, 0x51]);
/** Real images have one tile or some dozens; each costs the decoder memory before it is read. */
const MAX_TILES = 4096;

/**
 * Reads the SIZ segment of a JPEG 2000 codestream without decoding it, bare or in a JP2 wrapper.
 *
 * @throws CorruptPixelData
 */
export function readJpeg2000Header(frame: Uint8Array): CodedImage {
  const start = Buffer.from(frame.buffer, frame.byteOffset, Math.min(frame.length, 4096)).indexOf(
    CODESTREAM_START,
  );
  if (start < 0 || start + 4 + SIZ_LENGTH + 3 > frame.length) throw corrupt('it has no JPEG 2000 header');
  const view = new DataView(frame.buffer, frame.byteOffset + start + 4);
  const [right = 0, bottom = 0, left = 0, top = 0, tileWidth = 0, tileHeight = 0, tileLeft = 0, tileTop = 0] =
    Array.from({ length: 8 }, (_, n) => view.getUint32(4 + 4 * n));
  const tiles = Math.ceil((right - tileLeft) / tileWidth) * Math.ceil((bottom - tileTop) / tileHeight);
  if (!(tiles >= 1 && tiles <= MAX_TILES))
    throw corrupt(`it has ${tiles} tiles; allowed are 1 to ${MAX_TILES}`);
  return {
    columns: right - left,
    rows: bottom - top,
    components: view.getUint16(36),
    // The high bit of Ssiz tells signed samples, which the stored bits do not depend on.
    precision: (view.getUint8(38) & 0x7f) + 1,
  };
}
