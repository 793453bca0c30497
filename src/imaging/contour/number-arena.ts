/** Numbers in one piece of memory, 1 MiB. */
const PIECE_VALUES = 131_072;

/**
 * Memory for many short lists of numbers: a structure set has a list for each contour, and thousands of small buffers are
 * slow to make and to collect.
 */
export class NumberArena {
  #piece = new Float64Array(0);
  #end = 0;

  /** Memory for a list of at most so many numbers, to be written to before {@link NumberArena.keep} is called. */
  reserve(most: number): Float64Array {
    if (this.#end + most > this.#piece.length) {
      const bytes = Math.max(PIECE_VALUES, most) * Float64Array.BYTES_PER_ELEMENT;
      this.#piece = new Float64Array(new ArrayBuffer(bytes));
      this.#end = 0;
    }
    return this.#piece.subarray(this.#end, this.#end + most);
  }

  /** The first numbers of what was reserved last, which stay. */
  keep(count: number): Float64Array {
    const kept = this.#piece.subarray(this.#end, this.#end + count);
    this.#end += count;
    return kept;
  }
}
