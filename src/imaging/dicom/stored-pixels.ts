import { decodeSamples } from './codecs/decode-samples.ts';
import { joinParts, nativePixels, readCells, unpack, viewSamples } from './native-pixels.ts';
import type { EncodedFrame, PixelLayout, StoredPixels } from './slice.ts';
import { requireTransferSyntax } from './transfer-syntax.ts';

/**
 * Decodes the pixels of one slice.
 *
 * Uncompressed, aligned samples that fill their cells are a view into the file; everything else is a new array. Bits
 * outside BitsStored, where old files keep overlays, are dropped. The sign is that of PixelRepresentation (0028,0103):
 * a compressed sample's low BitsStored bits are the stored value, whatever sign its codestream declares, as PS3.5
 * section 8.2 has it; some writers put two's complement numbers into an unsigned codestream.
 *
 * @param memory - may be overwritten and hold the result, where that saves an array
 * @returns one number per pixel, row by row; of a mosaic, of its tile only.
 * @throws CorruptPixelData, TruncatedDicom, DecompressionBomb
 * @throws InternalError when the codec was not loaded by `prepareCodecs`.
 */
export function decodeFrame(encoded: EncodedFrame, memory?: Int16Array | Float32Array): StoredPixels {
  const { layout, tile } = encoded;
  const { codec, encoding } = requireTransferSyntax(encoded.transferSyntaxUid);
  if (codec === undefined) return cropTo(tile, nativePixels(encoded, memory), layout);
  const decoded = decodeSamples(codec, joinParts(encoded.parts), layout);
  const pixels =
    'samples' in decoded
      ? storedSamples(decoded.samples, layout)
      : readCells(decoded.cells, layout, encoding.littleEndian, memory);
  return cropTo(tile, pixels, layout);
}

/** Numbers from decoded samples, whose stored bits are the low ones. */
function storedSamples(samples: StoredPixels, layout: PixelLayout): StoredPixels {
  const { bitsAllocated, bitsStored } = layout;
  const fits = samples.BYTES_PER_ELEMENT === bitsAllocated / 8;
  const cells = fits ? samples : emptySamples(layout, samples.length);
  if (!fits) cells.set(samples);
  const numbers = viewSamples(new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength), layout);
  return bitsStored === bitsAllocated ? numbers : unpack(numbers.slice(), layout, bitsStored - 1);
}

function emptySamples({ bitsAllocated }: PixelLayout, count: number): StoredPixels {
  if (bitsAllocated === 8) return new Uint8Array(count);
  return bitsAllocated === 16 ? new Uint16Array(count) : new Uint32Array(count);
}

function cropTo(
  tile: EncodedFrame['tile'],
  pixels: StoredPixels,
  { columns: width }: PixelLayout,
): StoredPixels {
  if (tile === undefined) return pixels;
  const { column, row, columns, rows } = tile;
  const out = pixels.slice(0, rows * columns);
  for (let y = 0; y < rows; y++) {
    const from = (row + y) * width + column;
    out.set(pixels.subarray(from, from + columns), y * columns);
  }
  return out;
}
