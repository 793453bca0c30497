/** Runs that memory is made for at first. */
const FIRST_RUNS = 256;
const NO_BOUNDS = new Uint32Array(0);

/**
 * The voxels of a region on one slice, as runs along its rows: ascending, none empty, none over the end of a row, none
 * touching another of its row.
 *
 * A region has a run or two on a row, so going through them costs what its height does, not what its area does.
 */
export class SliceRuns {
  readonly columns: number;
  readonly rows: number;
  #bounds = NO_BOUNDS;
  #length = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /**
   * First voxel of each run and the one after its last, in turn, as places in the slice (column + columns x row);
   * {@link SliceRuns.length} of them count.
   */
  get bounds(): Uint32Array {
    return this.#bounds;
  }

  /** Twice the number of runs. */
  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Adds a run behind all others. */
  add(from: number, to: number): void {
    if (this.#length === this.#bounds.length) {
      const larger = new Uint32Array(Math.max(2 * FIRST_RUNS, 2 * this.#length));
      larger.set(this.#bounds);
      this.#bounds = larger;
    }
    this.#bounds[this.#length] = from;
    this.#bounds[this.#length + 1] = to;
    this.#length += 2;
  }

  /** Becomes as another of its size. */
  copy(runs: SliceRuns): void {
    if (this.#bounds.length < runs.length) this.#bounds = new Uint32Array(runs.length);
    this.#bounds.set(runs.bounds.subarray(0, runs.length));
    this.#length = runs.length;
  }

  /** A copy that stays. */
  clone(): SliceRuns {
    const copy = new SliceRuns(this.columns, this.rows);
    copy.#bounds = this.#bounds.slice(0, this.#length);
    copy.#length = this.#length;
    return copy;
  }

  /** Sets a bit of every voxel's value, in a slice of one byte per voxel. */
  mark(slice: Uint8Array, bit: number): void {
    for (let at = 0; at < this.#length; at += 2) {
      const to = this.#bounds[at + 1] as number;
      for (let voxel = this.#bounds[at] as number; voxel < to; voxel++)
        slice[voxel] = (slice[voxel] as number) | bit;
    }
  }

  voxels(): number {
    let voxels = 0;
    for (let at = 0; at < this.#length; at += 2)
      voxels += (this.#bounds[at + 1] as number) - (this.#bounds[at] as number);
    return voxels;
  }
}
