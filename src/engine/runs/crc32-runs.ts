import { bitsAfterZeros } from '../crc32-combine.ts';

const BYTE_VALUES = 256;
/** Lengths of runs are read as numbers of this base: a step for each digit, and tables for as many lengths as digits. */
const BASE = 16;
const BASE_LOG2 = 4;

/**
 * CRC-32 of runs of equal values, without a look at their bytes.
 *
 * A CRC is linear: what follows a run is what follows as many zeros, plus what the run gives after nothing. Both are known
 * for runs of 1 to 15 values, of 16, 32 ... 240 and so on, of which every run is made up; lengths are numbered so.
 */
export class RunsCrc32 {
  readonly #bytesPerValue: number;
  /** For zeros of each length, what each byte of a CRC becomes: four tables in one. */
  readonly #zeros: (Uint32Array | undefined)[] = [];
  /** Of each value, what its run of each length gives after nothing. */
  readonly #alone: (number | undefined)[][] = [];
  #state = ~0;

  /** @param bytesPerValue - 1, or 2 with the lower byte first */
  constructor(bytesPerValue: 1 | 2) {
    this.#bytesPerValue = bytesPerValue;
  }

  add(value: number, count: number): void {
    let state = this.#state;
    for (let place = 0, left = count; left > 0; place += BASE, left >>>= BASE_LOG2) {
      const digit = left & (BASE - 1);
      if (digit !== 0) state = this.#afterZeros(place + digit, state) ^ this.#runAlone(value, place + digit);
    }
    this.#state = state;
  }

  /** Of all runs since the last time. */
  take(): number {
    const crc32 = ~this.#state >>> 0;
    this.#state = ~0;
    return crc32;
  }

  #afterZeros(length: number, state: number): number {
    const table = this.#zeros[length] ?? this.#zeroTable(length);
    return (
      (table[state & 255] as number) ^
      (table[256 + ((state >>> 8) & 255)] as number) ^
      (table[512 + ((state >>> 16) & 255)] as number) ^
      (table[768 + (state >>> 24)] as number)
    );
  }

  #zeroTable(length: number): Uint32Array {
    const bytes = (length % BASE) * BASE ** Math.floor(length / BASE) * this.#bytesPerValue;
    const bits = bitsAfterZeros(bytes);
    const table = new Uint32Array(4 * BYTE_VALUES);
    for (let at = 0; at < table.length; at += BYTE_VALUES) {
      for (let bit = 0, of = 1; bit < 8; bit++, of *= 2) {
        const after = bits[at / 32 + bit] as number;
        for (let rest = 0; rest < of; rest++) table[at + of + rest] = after ^ (table[at + rest] as number);
      }
    }
    this.#zeros[length] = table;
    return table;
  }

  #runAlone(value: number, length: number): number {
    return this.#alone[value]?.[length] ?? this.#joinAlone(value, length);
  }

  /** One value, and a run shorter by it; a single value's own bytes act as a CRC of them would, followed by as many zeros. */
  #joinAlone(value: number, length: number): number {
    const known = this.#alone[value] ?? [];
    this.#alone[value] = known;
    const digit = length % BASE;
    const one = digit > 1 ? length - digit + 1 : length - BASE;
    const rest = digit > 1 ? length - 1 : length - 2;
    const alone =
      length === 1
        ? this.#afterZeros(1, value)
        : this.#afterZeros(one, this.#runAlone(value, rest)) ^ this.#runAlone(value, one);
    known[length] = alone;
    return alone;
  }
}
