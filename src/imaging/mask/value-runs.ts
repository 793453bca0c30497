const BYTES_PER_WORD = 4;

/**
 * Finds where runs of equal values end, a word of them at a time: masks and label maps are long runs, and looking at every
 * voxel is most of what drawing them would cost.
 */
export class ValueRuns {
  readonly #values: Uint8Array | Uint16Array;
  readonly #words: Uint32Array;
  /** Values of a word. */
  readonly #perWord: number;
  /** What makes a word of one value, four times 8 or twice 16 bits. */
  readonly #repeat: number;

  /** @param values - at a multiple of four bytes in their buffer */
  constructor(values: Uint8Array | Uint16Array) {
    const { BYTES_PER_ELEMENT, buffer, byteOffset, byteLength } = values;
    this.#values = values;
    this.#words = new Uint32Array(buffer, byteOffset, Math.floor(byteLength / BYTES_PER_WORD));
    this.#perWord = BYTES_PER_WORD / BYTES_PER_ELEMENT;
    this.#repeat = BYTES_PER_ELEMENT === 1 ? 0x01010101 : 0x00010001;
  }

  /** @returns the first place after `at` and before `end` with another value than that at `at`, or `end`. */
  endOfRun(at: number, end: number): number {
    const values = this.#values;
    const perWord = this.#perWord;
    const value = values[at] as number;
    const firstWord = Math.min(end, Math.ceil((at + 1) / perWord) * perWord);
    let next = at + 1;
    while (next < firstWord && values[next] === value) next++;
    if (next < firstWord) return next;
    next = this.#endOfWords(next, end, value);
    while (next < end && values[next] === value) next++;
    return next;
  }

  /** Steps over whole words of the value. */
  #endOfWords(from: number, end: number, value: number): number {
    const words = this.#words;
    const wanted = (value * this.#repeat) >>> 0;
    const endWord = Math.floor(end / this.#perWord);
    let word = Math.floor(from / this.#perWord);
    while (word < endWord && words[word] === wanted) word++;
    return Math.max(from, word * this.#perWord);
  }
}
