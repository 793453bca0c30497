import type { AxisWeights } from './axis-weights.ts';

/** Weight tables along i, j and k. */
export interface GridWeights {
  readonly i: AxisWeights;
  readonly j: AxisWeights;
  readonly k: AxisWeights;
}

/** Writes source slice k into `plane` (i fastest). */
export type ReadPlane = (k: number, plane: Float32Array) => void;

/**
 * Separable resampling, one target slice after the other.
 *
 * Each source slice is resampled in its plane once and kept while target slices need it, so that memory stays at a
 * few slices whatever the size of the volume.
 */
export class PlaneResampler {
  readonly columns: number;
  readonly rows: number;
  readonly #weights: GridWeights;
  readonly #read: ReadPlane;
  readonly #sourceColumns: number;
  readonly #source: Float32Array;
  readonly #line: Float32Array;
  readonly #output: Float32Array;
  readonly #ready = new Map<number, Float32Array>();
  readonly #spare: Float32Array[] = [];

  constructor(sourceColumns: number, sourceRows: number, weights: GridWeights, read: ReadPlane) {
    this.columns = weights.i.starts.length;
    this.rows = weights.j.starts.length;
    this.#weights = weights;
    this.#read = read;
    this.#sourceColumns = sourceColumns;
    this.#source = new Float32Array(sourceColumns * sourceRows);
    this.#line = new Float32Array(sourceColumns);
    this.#output = new Float32Array(this.columns * this.rows);
  }

  /** Target slice k; call with ascending k, and use the result before the next call. */
  slice(k: number): Float32Array {
    const { starts, offsets, weights } = this.#weights.k;
    const start = starts[k] as number;
    const from = offsets[k] as number;
    const count = (offsets[k + 1] as number) - from;
    this.#release(start);
    if (count === 1 && weights[from] === 1) return this.#plane(start);
    this.#output.fill(0);
    for (let n = 0; n < count; n++)
      addScaled(this.#output, this.#plane(start + n), weights[from + n] as number);
    return this.#output;
  }

  #release(before: number): void {
    for (const [k, plane] of this.#ready) {
      if (k >= before) continue;
      this.#ready.delete(k);
      this.#spare.push(plane);
    }
  }

  #plane(k: number): Float32Array {
    const ready = this.#ready.get(k);
    if (ready !== undefined) return ready;
    this.#read(k, this.#source);
    const plane = this.#spare.pop() ?? new Float32Array(this.columns * this.rows);
    this.#resamplePlane(plane);
    this.#ready.set(k, plane);
    return plane;
  }

  #resamplePlane(target: Float32Array): void {
    const { starts, offsets, weights } = this.#weights.j;
    const width = this.#sourceColumns;
    for (let row = 0; row < this.rows; row++) {
      const start = starts[row] as number;
      const from = offsets[row] as number;
      const count = (offsets[row + 1] as number) - from;
      this.#line.fill(0);
      for (let n = 0; n < count; n++) {
        const at = (start + n) * width;
        addScaled(this.#line, this.#source.subarray(at, at + width), weights[from + n] as number);
      }
      this.#resampleLine(target, row * this.columns);
    }
  }

  #resampleLine(target: Float32Array, to: number): void {
    const { starts, offsets, weights } = this.#weights.i;
    const line = this.#line;
    for (let column = 0; column < this.columns; column++) {
      const first = offsets[column] as number;
      const end = offsets[column + 1] as number;
      const shift = (starts[column] as number) - first;
      let sum = 0;
      for (let n = first; n < end; n++) sum += (weights[n] as number) * (line[n + shift] as number);
      target[to + column] = sum;
    }
  }
}

function addScaled(into: Float32Array, from: Float32Array, weight: number): void {
  for (let at = 0; at < into.length; at++) into[at] = (into[at] as number) + weight * (from[at] as number);
}
