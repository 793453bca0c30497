/** Of each token, its bits and how many there are: at most 24. */
export interface TokenBits {
  readonly bits: Uint32Array;
  readonly lengths: Uint8Array;
}

/** Writes bits into bytes, the lowest first, as deflate does. */
export class BitWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #held = 0;
  #heldBits = 0;

  /** @param capacity - bytes that are written at most */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** @param count - at most 24 */
  put(bits: number, count: number): void {
    this.#held |= bits << this.#heldBits;
    this.#heldBits += count;
    while (this.#heldBits >= 8) {
      this.#bytes[this.#length++] = this.#held & 255;
      this.#held >>>= 8;
      this.#heldBits -= 8;
    }
  }

  /** Writes what each token stands for. */
  putAll(tokens: Uint16Array, { bits, lengths }: TokenBits): void {
    const bytes = this.#bytes;
    let [length, held, heldBits] = [this.#length, this.#held, this.#heldBits];
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at] as number;
      held |= (bits[token] as number) << heldBits;
      for (heldBits += lengths[token] as number; heldBits >= 8; heldBits -= 8) {
        bytes[length++] = held & 255;
        held >>>= 8;
      }
    }
    this.#length = length;
    this.#held = held;
    this.#heldBits = heldBits;
  }

  /** Fills the last byte with zeros. */
  align(): void {
    if (this.#heldBits > 0) this.put(0, 8 - this.#heldBits);
  }

  /** What was written, in memory of its own; whole bytes only. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
