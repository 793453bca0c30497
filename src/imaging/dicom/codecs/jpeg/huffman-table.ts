import { corrupt } from '../coded-image.ts';

/** Codes of up to so many bits are found in one step. */
export const LOOKUP_BITS = 9;

/** A canonical Huffman code (ITU-T T.81 Annex C). Arrays by code length hold entries 0 to 16. */
export interface HuffmanTable {
  /** By the next {@link LOOKUP_BITS} bits: length of the code << 8 | symbol; 0 where the code is longer. */
  readonly lookup: Uint16Array;
  readonly symbols: Uint8Array;
  readonly firstCode: Int32Array;
  /** One past the last code of a length; 0 where there is none. */
  readonly endCode: Int32Array;
  readonly firstIndex: Int32Array;
}

/**
 * @param counts - number of codes of each length from 1 to 16 bits.
 * @param symbols - in order of their codes.
 * @throws CorruptPixelData when there are more codes than fit.
 */
export function buildHuffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = {
    lookup: new Uint16Array(1 << LOOKUP_BITS),
    symbols,
    firstCode: new Int32Array(17),
    endCode: new Int32Array(17),
    firstIndex: new Int32Array(17),
  };
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++, code *= 2) {
    const count = counts[length - 1] as number;
    table.firstCode[length] = code;
    table.firstIndex[length] = index;
    if (code + count > 1 << length) throw corrupt('a Huffman table has more codes than fit');
    for (let n = 0; n < count && length <= LOOKUP_BITS; n++) {
      const from = (code + n) << (LOOKUP_BITS - length);
      table.lookup.fill(
        (length << 8) | (symbols[index + n] as number),
        from,
        from + (1 << (LOOKUP_BITS - length)),
      );
    }
    code += count;
    index += count;
    table.endCode[length] = count === 0 ? 0 : code;
  }
  return table;
}
