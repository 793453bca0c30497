import type { SliceMask } from '../mask/slice-mask.ts';

/** For each four bits, the four bytes (0 or 1) they unpack to, as one little-endian word. */
const NIBBLES = Uint32Array.from({ length: 16 }, (_, bits) =>
  [0, 1, 2, 3].reduce((word, bit) => word + ((bits >> bit) & 1) * 2 ** (8 * bit), 0),
);
const WORD_BITS = 32;

/**
 * Unpacks one-bit pixels, lowest bit first, into an empty mask and sets its box tightly.
 *
 * Most of a segmentation is empty, so 32 pixels are looked at at once, and only words with a pixel are unpacked.
 *
 * @param packed - bytes that hold the frame, from the one with its first pixel.
 * @param shift - bits of the first byte that belong to the frame before.
 */
export function unpackBits(packed: Uint8Array, shift: number, mask: SliceMask): void {
  const words = wordsOf(packed);
  if (shift === 0 && mask.columns % WORD_BITS === 0) unpackAligned(words, mask);
  else unpackAnywhere(words, shift, mask);
}

/** The bytes as little-endian words, the last one filled up with zeros. */
function wordsOf(packed: Uint8Array): Uint32Array {
  if (packed.length % 4 === 0 && packed.byteOffset % 4 === 0) {
    return new Uint32Array(packed.buffer, packed.byteOffset, packed.length / 4);
  }
  const padded = new Uint8Array(Math.ceil(packed.length / 4) * 4);
  padded.set(packed);
  return new Uint32Array(padded.buffer);
}

/** Rows begin at word boundaries, so each word lies in one row and unpacks to eight words of four pixels. */
function unpackAligned(words: Uint32Array, mask: SliceMask): void {
  const wordsPerRow = mask.columns >> 5;
  const out = new Uint32Array(mask.bits.buffer, mask.bits.byteOffset, mask.bits.length / 4);
  let minRow = 0;
  let maxRow = -1;
  let minWord = wordsPerRow;
  let maxWord = -1;
  let first = 0;
  let last = 0;
  for (let row = 0; row < mask.rows; row++) {
    const start = row * wordsPerRow;
    for (let column = 0; column < wordsPerRow; column++) {
      const word = words[start + column] as number;
      if (word === 0) continue;
      const to = 8 * (start + column);
      for (let nibble = 0; nibble < 8; nibble++) {
        out[to + nibble] = NIBBLES[(word >>> (4 * nibble)) & 15] as number;
      }
      if (maxRow < 0) minRow = row;
      maxRow = row;
      if (column < minWord) {
        minWord = column;
        first = word;
      } else if (column === minWord) first |= word;
      if (column > maxWord) {
        maxWord = column;
        last = word;
      } else if (column === maxWord) last |= word;
    }
  }
  if (maxRow < 0) return;
  const minColumn = minWord * WORD_BITS + lowestBit(first);
  mask.box = { minColumn, maxColumn: maxWord * WORD_BITS + highestBit(last), minRow, maxRow };
}

/** Any number of columns, from any bit on. */
function unpackAnywhere(words: Uint32Array, shift: number, mask: SliceMask): void {
  const { bits, columns, rows } = mask;
  const pixels = columns * rows;
  let [row, rowStart] = [0, 0];
  let { minColumn, maxColumn, minRow, maxRow } = mask.box;
  for (let at = 0; at < words.length; at++) {
    let word = words[at] as number;
    while (word !== 0) {
      const bit = lowestBit(word);
      word &= word - 1;
      const pixel = at * WORD_BITS + bit - shift;
      if (pixel < 0) continue;
      if (pixel >= pixels) break;
      if (pixel >= rowStart + columns) {
        row = Math.floor(pixel / columns);
        rowStart = row * columns;
      }
      bits[pixel] = 1;
      const column = pixel - rowStart;
      if (column < minColumn) minColumn = column;
      if (column > maxColumn) maxColumn = column;
      if (row < minRow) minRow = row;
      maxRow = row;
    }
  }
  mask.box = { minColumn, maxColumn, minRow, maxRow };
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function highestBit(word: number): number {
  return 31 - Math.clz32(word);
}
