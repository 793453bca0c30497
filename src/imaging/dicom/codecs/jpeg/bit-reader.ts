import { corrupt } from '../coded-image.ts';
import { type HuffmanTable, LOOKUP_BITS } from './huffman-table.ts';

/** Zero bytes that may be read past the end of a scan before the frame counts as cut off. */
const MAX_OVERRUN = 32;

/** Reads the bits of entropy-coded segments (ITU-T T.81 F.2.2.5), without their stuffed zeros, up to a marker. */
export class BitReader {
  /** The next byte to take in. */
  at: number;
  readonly #bytes: Uint8Array;
  #bits = 0;
  #count = 0;
  #overrun = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.at = start;
  }

  /** The next symbol. @throws CorruptPixelData for a code that the table does not have. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table.lookup[
      (this.#bits >>> (this.#count - LOOKUP_BITS)) & ((1 << LOOKUP_BITS) - 1)
    ] as number;
    if (entry !== 0) {
      this.#count -= entry >>> 8;
      return entry & 0xff;
    }
    return this.#longSymbol(table);
  }

  /** The next `length` bits, 0 to 16, as a whole number. */
  bits(length: number): number {
    if (length === 0) return 0;
    if (this.#count < length) this.#fill();
    this.#count -= length;
    return (this.#bits >>> this.#count) & ((1 << length) - 1);
  }

  /** A signed number of `length` bits: one below half its range is negative (T.81 F.2.2.1, EXTEND). */
  signed(length: number): number {
    const value = this.bits(length);
    return length === 0 || value >= 1 << (length - 1) ? value : value - (1 << length) + 1;
  }

  /** Drops the rest of the byte and the restart marker; decoding goes on with fresh predictions. */
  restart(): void {
    this.#count = 0;
    this.#overrun = 0;
    const bytes = this.#bytes;
    while (this.at < bytes.length && bytes[this.at] !== 0xff) this.at++;
    while (bytes[this.at + 1] === 0xff) this.at++;
    const code = bytes[this.at + 1] ?? 0;
    if (code < 0xd0 || code > 0xd7) throw corrupt('a restart marker is missing');
    this.at += 2;
  }

  #longSymbol(table: HuffmanTable): number {
    for (let length = LOOKUP_BITS + 1; length <= 16; length++) {
      const code = (this.#bits >>> (this.#count - length)) & ((1 << length) - 1);
      if (code >= (table.endCode[length] as number)) continue;
      this.#count -= length;
      return table.symbols[
        code - (table.firstCode[length] as number) + (table.firstIndex[length] as number)
      ] as number;
    }
    throw corrupt('it holds a code that its Huffman table does not have');
  }

  /** At least 17 bits, unless the scan ends; then zeros. */
  #fill(): void {
    const bytes = this.#bytes;
    while (this.#count <= 24) {
      let byte = bytes[this.at] ?? -1;
      if (byte === 0xff && bytes[this.at + 1] === 0) this.at += 2;
      else if (byte === 0xff || byte === -1) byte = this.#pastEnd();
      else this.at++;
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }

  #pastEnd(): number {
    if (this.#overrun++ > MAX_OVERRUN) throw corrupt('its data end before the image is complete');
    return 0;
  }
}
