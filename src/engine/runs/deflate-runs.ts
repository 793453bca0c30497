import type { LabelRuns } from '../../imaging/mask/label-runs.ts';
import type { DeflatedPiece } from '../gzip-member.ts';
import { BitWriter, type TokenBits } from './bit-writer.ts';
import { RunsCrc32 } from './crc32-runs.ts';
import { type HuffmanCode, huffmanCode } from './huffman-code.ts';

const END_OF_BLOCK = 256;
const LITERALS_AND_LENGTHS = 286;
/** Of one byte and of two. */
const DISTANCES = 2;
const LONGEST_MATCH = 258;
const SHORTEST_MATCH = 3;
/** Tokens below this are bytes; beyond it lie the lengths of matches. */
const MATCH = 256;
const TOKENS = MATCH + LONGEST_MATCH + 1;
const MAX_CODE_BITS = 15;
const MAX_LENGTH_CODE_BITS = 7;
/** Code, extra bits of the length, distance. */
const MAX_TOKEN_BITS = MAX_CODE_BITS + 5 + 1;
/** In this order a block says the lengths of the code that its other codes' lengths are written in. */
const LENGTH_CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const HEADER_BYTES = 1024;
const FIRST_TOKENS = 1 << 15;

/**
 * Packs label maps from their runs: one deflate block (RFC 1951) of a value, and of how often it is repeated.
 *
 * A general packer has to look for the runs that drawing knew all along. What this makes is of the size of zlib's `Z_RLE`
 * and is read by everything that reads gzip.
 */
export class RunsDeflater {
  readonly #bytesPerValue: 1 | 2;
  readonly #crc32: RunsCrc32;
  #tokens = new Uint16Array(FIRST_TOKENS);
  #count = 0;
  readonly #frequencies = new Uint32Array(LITERALS_AND_LENGTHS);
  /** Labels of the piece in work that were made tokens. */
  #labels = 0;
  /** The run in work, which may go on. */
  #value = 0;
  #repeats = 0;

  /** @param bytesPerValue - 1, or 2 with the lower byte first */
  constructor(bytesPerValue: 1 | 2) {
    this.#bytesPerValue = bytesPerValue;
    this.#crc32 = new RunsCrc32(bytesPerValue);
  }

  /** Adds a slice to the piece in work; its first run goes on with the last one of the slice before where the values agree. */
  add({ ends, values, length }: LabelRuns): void {
    for (let run = 0, from = 0; run < length; run++) {
      const to = ends[run] as number;
      const value = values[run] as number;
      if (value !== this.#value) this.#endRun(value);
      this.#repeats += to - from;
      from = to;
    }
  }

  /** The piece in work, as `deflatePiece` packs the same labels as bytes; the next one begins. */
  take(isLast: boolean): DeflatedPiece {
    this.#endRun(this.#value);
    const writer = new BitWriter(HEADER_BYTES + Math.ceil((this.#count * MAX_TOKEN_BITS) / 8));
    writer.put(isLast ? 1 : 0, 1);
    this.#writeBlock(writer);
    // Every piece but the last ends on a byte, with an empty stored block.
    if (!isLast) writer.put(0, 3);
    writer.align();
    if (!isLast) for (const byte of [0, 0, 255, 255]) writer.put(byte, 8);
    const length = this.#labels * this.#bytesPerValue;
    this.#count = 0;
    this.#labels = 0;
    this.#frequencies.fill(0);
    return { bytes: writer.take(), crc32: this.#crc32.take(), length };
  }

  #endRun(next: number): void {
    const value = this.#value;
    const repeats = this.#repeats;
    this.#value = next;
    this.#repeats = 0;
    if (repeats === 0) return;
    this.#labels += repeats;
    this.#crc32.add(value, repeats);
    const bytes = repeats * this.#bytesPerValue;
    const most = this.#count + this.#bytesPerValue + SHORTEST_MATCH + Math.ceil(bytes / (LONGEST_MATCH - 4));
    if (most > this.#tokens.length) this.#makeRoom(2 * most);
    this.#repeat(value, bytes);
  }

  #makeRoom(tokens: number): void {
    const larger = new Uint16Array(tokens);
    larger.set(this.#tokens);
    this.#tokens = larger;
  }

  /** The value, then copies of what lies one value before: as long as they may be, and none of one or two bytes. */
  #repeat(value: number, bytes: number): void {
    const size = this.#bytesPerValue;
    this.#literal(value);
    let left = bytes - size;
    while (left >= SHORTEST_MATCH) {
      const rest = left - LONGEST_MATCH;
      const length = rest <= 0 ? left : rest < SHORTEST_MATCH ? LONGEST_MATCH - 4 : LONGEST_MATCH;
      this.#add(MATCH + length);
      left -= length;
    }
    for (; left > 0; left -= size) this.#literal(value);
  }

  #literal(value: number): void {
    this.#add(value & 255);
    if (this.#bytesPerValue === 2) this.#add(value >>> 8);
  }

  #add(token: number): void {
    this.#tokens[this.#count++] = token;
    const symbol = SYMBOLS.symbol[token] as number;
    this.#frequencies[symbol] = (this.#frequencies[symbol] as number) + 1;
  }

  #writeBlock(writer: BitWriter): void {
    this.#frequencies[END_OF_BLOCK] = 1;
    const code = huffmanCode(this.#frequencies, MAX_CODE_BITS);
    writeCodes(writer, code);
    writer.putAll(this.#tokens.subarray(0, this.#count), tokenBits(code, this.#bytesPerValue));
    writer.put(code.codes[END_OF_BLOCK] as number, code.lengths[END_OF_BLOCK] as number);
  }
}

/** Kind of block and its codes. Distances have one bit: a code of one symbol would do, but some readers refuse it. */
function writeCodes(writer: BitWriter, { lengths }: HuffmanCode): void {
  const all = new Uint8Array(LITERALS_AND_LENGTHS + DISTANCES).fill(1);
  all.set(lengths);
  const frequencies = new Uint32Array(LENGTH_CODE_ORDER.length);
  all.forEach((length) => {
    frequencies[length] = (frequencies[length] as number) + 1;
  });
  const code = huffmanCode(frequencies, MAX_LENGTH_CODE_BITS);
  writer.put(2, 2);
  writer.put(LITERALS_AND_LENGTHS - 257, 5);
  writer.put(DISTANCES - 1, 5);
  writer.put(LENGTH_CODE_ORDER.length - 4, 4);
  for (const length of LENGTH_CODE_ORDER) writer.put(code.lengths[length] as number, 3);
  all.forEach((length) => {
    writer.put(code.codes[length] as number, code.lengths[length] as number);
  });
}

/** What is written for each token: a byte's code; a match's code, the rest of its length and one bit for its distance. */
function tokenBits({ codes, lengths }: HuffmanCode, distance: 1 | 2): TokenBits {
  const bits = new Uint32Array(TOKENS);
  const bitLengths = new Uint8Array(TOKENS);
  for (let token = 0; token < TOKENS; token++) {
    const symbol = SYMBOLS.symbol[token] as number;
    const own = lengths[symbol] as number;
    const extra = SYMBOLS.extraBits[token] as number;
    bits[token] = (codes[symbol] as number) | ((SYMBOLS.extra[token] as number) << own);
    bitLengths[token] = own + extra;
    if (token < MATCH) continue;
    bits[token] = (bits[token] as number) | ((distance - 1) << (own + extra));
    bitLengths[token] = own + extra + 1;
  }
  return { bits, lengths: bitLengths };
}

/** Symbol of each token and, for matches, the bits that tell lengths of one symbol apart (RFC 1951, section 3.2.5). */
const SYMBOLS = tokenSymbols();

function tokenSymbols() {
  const symbol = new Uint16Array(TOKENS).map((_, token) => token);
  const extraBits = new Uint8Array(TOKENS);
  const extra = new Uint8Array(TOKENS);
  let [next, length] = [257, SHORTEST_MATCH];
  for (let group = 0; length < LONGEST_MATCH; group++) {
    const bits = Math.max(0, Math.floor(group / 4) - 1);
    for (let rest = 0; rest < 2 ** bits && length < LONGEST_MATCH; rest++, length++) {
      symbol[MATCH + length] = next;
      extraBits[MATCH + length] = bits;
      extra[MATCH + length] = rest;
    }
    next++;
  }
  symbol[MATCH + LONGEST_MATCH] = LITERALS_AND_LENGTHS - 1;
  return { symbol, extraBits, extra };
}
