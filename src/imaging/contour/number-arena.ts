/** Numbers in one piece of memory, 1 MiB. */
const PIECE_VALUES = 131_072;

/**
 * Memory for many short lists of numbers: a structure set has a list for each contour, and thousands of small buffers are
 * slow to make, to collect and to hand to another thread. The pieces are shared, so threads see the same numbers.
 */
export class NumberArena {
  #piece = new Float64Array(new SharedArrayBuffer(0));
  #end = 0;

  /** A copy of the values that stays. */
  keep(values: Float64Array): Float64Array {
    if (this.#end + values.length > this.#piece.length) {
      const bytes = Math.max(PIECE_VALUES, values.length) * Float64Array.BYTES_PER_ELEMENT;
      this.#piece = new Float64Array(new SharedArrayBuffer(bytes));
      this.#end = 0;
    }
    const kept = this.#piece.subarray(this.#end, this.#end + values.length);
    kept.set(values);
    this.#end += values.length;
    return kept;
  }
}
