import { LabelLedger, type LedgerAccount } from './label-ledger.ts';
import type { SliceRuns } from './slice-runs.ts';
import { ValueRuns } from './value-runs.ts';

/** Values of a label map volume: uint8 when they fit, uint16 otherwise; i fastest, then j, then k. */
export type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** The smallest type that holds all values. */
export function labelType(values: readonly number[]): 'uint8' | 'uint16' {
  return values.some((value) => value > 255) ? 'uint16' : 'uint8';
}

/** Memory for a label map of these values, all background. */
export function emptyLabels(voxels: number, values: readonly number[]): Labels {
  return labelType(values) === 'uint16' ? new Uint16Array(voxels) : new Uint8Array(voxels);
}

/**
 * Slices of a label map in the making; paints region after region and keeps account of who took what from whom.
 *
 * Memory beside the labels is, for a value with several sources, one bit per voxel of the slices it appears on.
 */
export class LabelCanvas {
  readonly ledger: LabelLedger;
  readonly #labels: Uint8Array | Uint16Array;
  readonly #runs: ValueRuns;
  readonly #planeSize: number;
  /** Slices painted so far by each value of several sources, one bit per voxel, also where another took it since. */
  readonly #painted = new Map<number, Map<number, Uint8Array>>();

  /**
   * @param labels - slices to paint on, all background
   * @param planeSize - voxels of a slice
   * @param values - of each region to come; one may occur several times
   * @param ledger - of the whole volume, when these slices are a part of it
   */
  constructor(
    labels: Uint8Array | Uint16Array,
    planeSize: number,
    values: readonly number[],
    ledger = new LabelLedger(values),
  ) {
    this.#labels = labels;
    this.#runs = new ValueRuns(labels);
    this.#planeSize = planeSize;
    this.ledger = ledger;
    const seen = new Set<number>();
    for (const value of values) {
      if (seen.has(value)) this.#painted.set(value, new Map());
      seen.add(value);
    }
  }

  /**
   * Gives the voxels of one slice, counted from the first on the canvas, to a value; a region paints a slice once.
   *
   * @returns voxels of the slice
   */
  paint(value: number, slice: number, runs: SliceRuns): number {
    const account = this.ledger.account(value);
    const again = this.#painted.get(value);
    const repeated = again === undefined ? 0 : countAgain(this.#sliceOf(again, slice), runs);
    const shift = slice * this.#planeSize;
    const { bounds, length } = runs;
    for (let at = 0; at < length; at += 2)
      this.#take((bounds[at] as number) + shift, (bounds[at + 1] as number) + shift, value, account);
    const voxels = runs.voxels();
    account.voxels += voxels - repeated;
    account.repeated += repeated;
    return voxels;
  }

  /** Voxels `from` to `to` - 1, whose owners come in runs: the account is touched once a run. */
  #take(from: number, to: number, value: number, account: LedgerAccount): void {
    const labels = this.#labels;
    for (let at = from; at < to; ) {
      const next = this.#runs.endOfRun(at, to);
      this.#note(labels[at] as number, next - at, value, account);
      at = next;
    }
    labels.fill(value, from, to);
  }

  /** @param owner - whoever loses the voxels; 0 is nobody */
  #note(owner: number, voxels: number, value: number, account: LedgerAccount): void {
    if (owner === value) return;
    account.held += voxels;
    if (owner === 0) return;
    account.taken[owner] = (account.taken[owner] ?? 0) + voxels;
    this.ledger.account(owner).held -= voxels;
  }

  #sliceOf(slices: Map<number, Uint8Array>, slice: number): Uint8Array {
    const painted = slices.get(slice) ?? new Uint8Array(Math.ceil(this.#planeSize / 8));
    slices.set(slice, painted);
    return painted;
  }
}

/** Marks the voxels of a slice and counts those that were marked before. */
function countAgain(marked: Uint8Array, { bounds, length }: SliceRuns): number {
  let again = 0;
  for (let at = 0; at < length; at += 2) {
    const to = bounds[at + 1] as number;
    for (let voxel = bounds[at] as number; voxel < to; voxel++) {
      const byte = marked[voxel >>> 3] as number;
      const bit = 1 << (voxel & 7);
      if ((byte & bit) !== 0) again++;
      marked[voxel >>> 3] = byte | bit;
    }
  }
  return again;
}
