import type { SliceRuns } from './slice-runs.ts';

/** Told who had voxels until now; 0 is the background. */
export type TakeVoxels = (owner: number, voxels: number) => void;

/**
 * The labels of one slice in runs, background included, in the order of its voxels (column + columns x row). Runs that
 * follow each other may have one value; none is empty.
 *
 * A slice of organs is a few hundred runs where it is a quarter of a million voxels.
 */
export class LabelRuns {
  #ends = new Uint32Array(0);
  #values = new Uint16Array(0);
  #length = 0;

  /** Of each run, the place after its last label; {@link LabelRuns.length} of them count. */
  get ends(): Uint32Array {
    return this.#ends;
  }

  /** Of each run, its label. */
  get values(): Uint16Array {
    return this.#values;
  }

  /** Number of runs. */
  get length(): number {
    return this.#length;
  }

  /** Becomes a slice of nothing but background. */
  clear(voxels: number): void {
    this.#makeRoom(1);
    this.#ends[0] = voxels;
    this.#values[0] = 0;
    this.#length = 1;
  }

  /**
   * Becomes another slice with the voxels of a region given to a value.
   *
   * @param below - the slice as it was, another object. @param region - all of it on the slice
   */
  paint(below: LabelRuns, region: SliceRuns, value: number, take: TakeVoxels): void {
    this.#makeRoom(below.length + region.length);
    this.#length = 0;
    const { ends, values, length } = below;
    let at = 0;
    let free = 0;
    for (let run = 0, end = 0; run < region.length; run += 2) {
      let from = region.bounds[run] as number;
      const to = region.bounds[run + 1] as number;
      for (; (ends[at] as number) <= from; at++) {
        end = ends[at] as number;
        this.#add(end, values[at] as number);
      }
      if (end < from) this.#add(from, values[at] as number);
      while (from < to) {
        end = Math.min(to, ends[at] as number);
        if (values[at] === 0) free += end - from;
        else take(values[at] as number, end - from);
        if (ends[at] === end) at++;
        from = end;
      }
      this.#add(to, value);
    }
    for (; at < length; at++) this.#add(ends[at] as number, values[at] as number);
    take(0, free);
  }

  #add(end: number, value: number): void {
    this.#ends[this.#length] = end;
    this.#values[this.#length++] = value;
  }

  /** @param labels - of the slice, each of which is written */
  expand(labels: Uint8Array | Uint16Array): void {
    for (let at = 0, from = 0; at < this.#length; at++) {
      const to = this.#ends[at] as number;
      labels.fill(this.#values[at] as number, from, to);
      from = to;
    }
  }

  /** What was here before is lost. */
  #makeRoom(runs: number): void {
    if (runs <= this.#ends.length) return;
    this.#ends = new Uint32Array(2 * runs);
    this.#values = new Uint16Array(2 * runs);
  }
}
