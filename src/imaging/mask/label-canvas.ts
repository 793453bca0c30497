import { LabelLedger } from './label-ledger.ts';
import { RepeatedVoxels } from './repeated-voxels.ts';
import type { SliceRuns } from './slice-runs.ts';
import { ValueRuns } from './value-runs.ts';

/** A label map in the making; paints region after region and keeps account of who took what from whom. */
export class LabelCanvas {
  readonly ledger: LabelLedger;
  readonly #labels: Uint8Array | Uint16Array;
  readonly #runs: ValueRuns;
  readonly #planeSize: number;
  readonly #repeated: RepeatedVoxels;

  /**
   * @param labels - of all slices, all background
   * @param planeSize - voxels of a slice
   * @param values - of each region to come; one may occur several times
   */
  constructor(labels: Uint8Array | Uint16Array, planeSize: number, values: readonly number[]) {
    this.#labels = labels;
    this.#runs = new ValueRuns(labels);
    this.#planeSize = planeSize;
    this.ledger = new LabelLedger(values);
    this.#repeated = new RepeatedVoxels(values, planeSize);
  }

  /**
   * Gives the voxels of one slice to a value; a region paints a slice once.
   *
   * @returns voxels of the slice
   */
  paint(value: number, slice: number, runs: SliceRuns): number {
    const repeated = this.#repeated.count(value, slice, runs);
    const shift = slice * this.#planeSize;
    const { bounds, length } = runs;
    for (let at = 0; at < length; at += 2)
      this.#take((bounds[at] as number) + shift, (bounds[at + 1] as number) + shift, value);
    const voxels = runs.voxels();
    this.ledger.give(value, voxels, repeated);
    return voxels;
  }

  /** Voxels `from` to `to` - 1, whose owners come in runs: the ledger is written once a run. */
  #take(from: number, to: number, value: number): void {
    const labels = this.#labels;
    for (let at = from; at < to; ) {
      const next = this.#runs.endOfRun(at, to);
      this.ledger.take(value, labels[at] as number, next - at);
      at = next;
    }
    labels.fill(value, from, to);
  }
}
