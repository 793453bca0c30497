import type { NiftiValues } from '../nifti/nifti-header.ts';
import type { AxisWeights } from './axis-weights.ts';

/** Weight tables along i, j and k. */
export interface GridWeights {
  readonly i: AxisWeights;
  readonly j: AxisWeights;
  readonly k: AxisWeights;
}

/** Gives source slice k, i fastest; it may be a view of the volume or a plane that the next call fills again. */
export type ReadPlane = (k: number) => NiftiValues;

/**
 * Separable resampling, one target slice after the other.
 *
 * Each source slice is resampled in its plane once and kept while target slices need it, so that memory stays at a
 * few slices whatever the size of the volume. Any run of target slices can be made without the others.
 */
export class PlaneResampler {
  readonly columns: number;
  readonly rows: number;
  readonly #weights: GridWeights;
  readonly #read: ReadPlane;
  readonly #sourceColumns: number;
  readonly #line: Float32Array;
  readonly #output: Float32Array;
  readonly #ready = new Map<number, Float32Array>();
  readonly #spare: Float32Array[] = [];

  constructor(sourceColumns: number, weights: GridWeights, read: ReadPlane) {
    this.columns = weights.i.starts.length;
    this.rows = weights.j.starts.length;
    this.#weights = weights;
    this.#read = read;
    this.#sourceColumns = sourceColumns;
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
    const first = this.#plane(start);
    if (count === 1) scaleInto(this.#output, first, 0, weights[from] as number);
    else
      blendInto(
        this.#output,
        first,
        0,
        weights[from] as number,
        this.#plane(start + 1),
        0,
        weights[from + 1] as number,
      );
    for (let n = 2; n < count; n++)
      addScaled(this.#output, this.#plane(start + n), 0, weights[from + n] as number);
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
    const plane = this.#spare.pop() ?? new Float32Array(this.columns * this.rows);
    this.#resamplePlane(this.#read(k), plane);
    this.#ready.set(k, plane);
    return plane;
  }

  #resamplePlane(source: NiftiValues, target: Float32Array): void {
    const { starts, offsets, weights } = this.#weights.j;
    const width = this.#sourceColumns;
    const line = this.#line;
    for (let row = 0; row < this.rows; row++) {
      const at = (starts[row] as number) * width;
      const from = offsets[row] as number;
      const end = offsets[row + 1] as number;
      const weight = weights[from] as number;
      if (end - from === 1) scaleInto(line, source, at, weight);
      else blendInto(line, source, at, weight, source, at + width, weights[from + 1] as number);
      for (let n = from + 2; n < end; n++)
        addScaled(line, source, at + (n - from) * width, weights[n] as number);
      this.#resampleLine(target, row * this.columns);
    }
  }

  #resampleLine(target: Float32Array, to: number): void {
    const { starts, offsets, weights } = this.#weights.i;
    const line = this.#line;
    const columns = this.columns;
    let first = 0;
    for (let column = 0; column < columns; column++) {
      const end = offsets[column + 1] as number;
      let at = starts[column] as number;
      let sum = 0;
      for (let n = first; n < end; n++) sum += (weights[n] as number) * (line[at++] as number);
      target[to + column] = sum;
      first = end;
    }
  }
}

function scaleInto(into: Float32Array, from: NiftiValues, at: number, weight: number): void {
  const length = into.length;
  for (let n = 0; n < length; n++) into[n] = weight * (from[at + n] as number);
}

/** Two sources at once: what linear interpolation needs, in one pass over memory. */
function blendInto(
  into: Float32Array,
  a: NiftiValues,
  atA: number,
  weightA: number,
  b: NiftiValues,
  atB: number,
  weightB: number,
): void {
  const length = into.length;
  for (let n = 0; n < length; n++) {
    into[n] = weightA * (a[atA + n] as number) + weightB * (b[atB + n] as number);
  }
}

function addScaled(into: Float32Array, from: NiftiValues, at: number, weight: number): void {
  const length = into.length;
  for (let n = 0; n < length; n++) into[n] = (into[n] as number) + weight * (from[at + n] as number);
}
