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

/** Markers of the codestream (ITU-T T.800 table A.2). */
const SIZ = 0xff51;
const COD = 0xff52;
const COC = 0xff53;
const START_OF_TILE_PART = 0xff90;
/** SOC and the SIZ marker that must follow it. */
const CODESTREAM_START = Buffer.from([0xff, 0x4f, 0xff, 0x51]);
/** A JP2 wrapper puts its boxes before the codestream. */
const MAX_WRAPPER = 4096;
/** Real images have one tile or some dozens; each costs the decoder memory before it is read. */
const MAX_TILES = 4096;
/** Precincts, which cost memory too, may not be smaller than 8 x 8 pixels on average. */
const MIN_PRECINCT_PIXELS = 64;
const ALWAYS_ALLOWED_PRECINCTS = 4096;

interface Siz extends CodedImage {
  readonly tiles: number;
}

/**
 * The codestream of a frame. PS3.5 section A.4.4 wants it bare; some writers put a JP2 file around it.
 *
 * @throws CorruptPixelData when there is none.
 */
export function unwrapCodestream(frame: Uint8Array): Uint8Array {
  const head = Buffer.from(frame.buffer, frame.byteOffset, Math.min(frame.length, MAX_WRAPPER));
  const start = head.indexOf(CODESTREAM_START);
  if (start < 0) throw corrupt('it has no JPEG 2000 header');
  return frame.subarray(start);
}

/**
 * Reads the header of a JPEG 2000 codestream and checks that all of it is there: a decoder
 * would make a blurred image of a codestream that is cut off and say nothing.
 *
 * @throws CorruptPixelData
 */
export function readJpeg2000Header(codestream: Uint8Array): CodedImage {
  const view = new DataView(codestream.buffer, codestream.byteOffset, codestream.length);
  let image: Siz | undefined;
  let at = 2;
  for (; at + 4 <= codestream.length; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker === START_OF_TILE_PART) break;
    const end = at + 2 + view.getUint16(at + 2);
    if (marker < 0xff00 || end > codestream.length) throw corrupt('its JPEG 2000 header is cut off');
    const content = new DataView(
      codestream.buffer,
      codestream.byteOffset + at + 4,
      Math.max(0, end - at - 4),
    );
    if (marker === SIZ) image = readSiz(content);
    else if (image !== undefined && marker === COD) requireFewPrecincts(content, 0, 5, image);
    else if (image !== undefined && marker === COC) requireFewPrecincts(content, 1, 2, image);
  }
  if (image === undefined) throw corrupt('it has no JPEG 2000 header');
  requireAllTiles(view, at, image.tiles);
  return image;
}

/** Image and tile size (T.800 A.5.1). */
function readSiz(content: DataView): Siz {
  if (content.byteLength < 39) throw corrupt('its JPEG 2000 header is cut off');
  const [right = 0, bottom = 0, left = 0, top = 0, tileWidth = 0, tileHeight = 0, tileLeft = 0, tileTop = 0] =
    Array.from({ length: 8 }, (_, n) => content.getUint32(2 + 4 * n));
  const tiles = Math.ceil((right - tileLeft) / tileWidth) * Math.ceil((bottom - tileTop) / tileHeight);
  if (!(tiles >= 1 && tiles <= MAX_TILES)) {
    throw corrupt(`it has ${tiles} tiles; allowed are 1 to ${MAX_TILES}`);
  }
  // A decoder may run on forever over a component that is declared to be coarser than the image.
  if (content.getUint8(37) !== 1 || content.getUint8(38) !== 1) {
    throw corrupt('its component is not as fine as the image');
  }
  return {
    columns: right - left,
    rows: bottom - top,
    components: content.getUint16(34),
    // The high bit of Ssiz tells signed samples, which the stored bits do not depend on.
    precision: (content.getUint8(36) & 0x7f) + 1,
    tiles,
  };
}

/**
 * Counts the precincts of a coding style (T.800 A.6.1 and A.6.2).
 *
 * @param styleAt - byte of Scod or Scoc. @param levelsAt - byte of the number of decomposition levels.
 */
function requireFewPrecincts(content: DataView, styleAt: number, levelsAt: number, image: CodedImage): void {
  const { rows, columns } = image;
  if (content.byteLength < levelsAt + 5) throw corrupt('its JPEG 2000 header is cut off');
  const stated = (content.getUint8(styleAt) & 1) === 1;
  const levels = content.getUint8(levelsAt);
  if (levels > 32 || content.byteLength < levelsAt + 5 + (stated ? levels + 1 : 0)) {
    throw corrupt('its JPEG 2000 header is cut off');
  }
  if (!stated) return;
  let precincts = 0;
  for (let resolution = 0; resolution <= levels; resolution++) {
    const exponents = content.getUint8(levelsAt + 5 + resolution);
    const shrink = 2 ** (levels - resolution);
    precincts +=
      Math.ceil(columns / shrink / 2 ** (exponents & 15)) * Math.ceil(rows / shrink / 2 ** (exponents >> 4));
  }
  const allowed = ALWAYS_ALLOWED_PRECINCTS + (rows * columns) / MIN_PRECINCT_PIXELS;
  if (precincts > allowed) throw corrupt(`it has ${precincts} precincts; allowed are ${Math.floor(allowed)}`);
}

/** Walks the tile-parts by their stated lengths (T.800 A.4.2): each tile must begin, and each part end in the frame. */
function requireAllTiles(view: DataView, start: number, tiles: number): void {
  const seen = new Set<number>();
  let at = start;
  while (at + 12 <= view.byteLength && view.getUint16(at) === START_OF_TILE_PART) {
    const length = view.getUint32(at + 6);
    seen.add(view.getUint16(at + 4));
    if (length === 0) break; // the last part, up to the end of the codestream
    if (length < 14 || at + length > view.byteLength) throw corrupt('a tile is cut off');
    at += length;
  }
  if (seen.size < tiles) throw corrupt(`${seen.size} of its ${tiles} tiles are there`);
}
