import { type VolumeGeometry, voxelCount } from '../geometry/volume-geometry.ts';
import type { SliceRuns } from './slice-runs.ts';
import { ValueRuns } from './value-runs.ts';

/** Voxels enclosed by two regions: `lost` had them first, `won` comes later in the label map. */
export interface RegionOverlap {
  readonly lost: string;
  readonly won: string;
  readonly voxels: number;
}

/** Values of a label map volume: uint8 when they fit, uint16 otherwise; i fastest, then j, then k. */
export type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

interface Account {
  voxels: number;
  repeated: number;
  /** Voxels that hold the value now. */
  held: number;
  /** Voxels painted over, by the value that lost them. */
  readonly taken: number[];
}

/**
 * A label map volume in the making; paints region after region and keeps account of who took what from whom.
 *
 * Memory is the volume and, for a value with several sources, one bit per voxel of the slices it appears on.
 */
export class LabelCanvas {
  readonly labels: Labels;
  readonly #runs: ValueRuns;
  readonly #planeSize: number;
  /** Slices painted so far by each value of several sources, one bit per voxel, also where another took it since. */
  readonly #painted = new Map<number, Map<number, Uint8Array>>();
  readonly #accounts: Account[] = [];

  /** @param sources - value of each region to come; a value may occur several times */
  constructor(geometry: VolumeGeometry, sources: readonly number[]) {
    const count = voxelCount(geometry);
    const largest = sources.reduce((most, value) => Math.max(most, value), 0);
    this.labels = largest > 255 ? new Uint16Array(count) : new Uint8Array(count);
    this.#runs = new ValueRuns(this.labels);
    this.#planeSize = geometry.sizeIjk[0] * geometry.sizeIjk[1];
    for (const value of sources) {
      if (this.#accounts[value] !== undefined) this.#painted.set(value, new Map());
      else this.#accounts[value] = { voxels: 0, repeated: 0, held: 0, taken: [] };
    }
  }

  /**
   * Gives the voxels of one slice to a value; a source must not paint a slice twice.
   *
   * @returns voxels of the slice
   */
  paint(value: number, k: number, runs: SliceRuns): number {
    const account = this.#accountOf(value);
    const again = this.#painted.get(value);
    const repeated = again === undefined ? 0 : countAgain(this.#sliceOf(again, k), runs);
    const shift = k * this.#planeSize;
    const { bounds, length } = runs;
    for (let at = 0; at < length; at += 2)
      this.#take((bounds[at] as number) + shift, (bounds[at + 1] as number) + shift, value, account);
    const painted = runs.voxels();
    account.voxels += painted - repeated;
    account.repeated += repeated;
    return painted;
  }

  /** Voxels a value was given, how often one it already had was given again, and voxels that hold it now. */
  drawnVoxels(value: number): Readonly<Pick<Account, 'voxels' | 'repeated' | 'held'>> {
    return this.#accountOf(value);
  }

  overlaps(nameOf: (value: number) => string): RegionOverlap[] {
    const overlaps: RegionOverlap[] = [];
    // forEach leaves out the values that nobody has.
    this.#accounts.forEach(({ taken }, won) => {
      taken.forEach((voxels, lost) => {
        overlaps.push({ lost: nameOf(lost), won: nameOf(won), voxels });
      });
    });
    return overlaps;
  }

  /** Voxels `from` to `to` - 1, whose owners come in runs: the account is touched once a run. */
  #take(from: number, to: number, value: number, account: Account): void {
    const { labels } = this;
    for (let at = from; at < to; ) {
      const next = this.#runs.endOfRun(at, to);
      this.#note(labels[at] as number, next - at, value, account);
      at = next;
    }
    labels.fill(value, from, to);
  }

  /** @param owner - whoever loses the voxels; 0 is nobody */
  #note(owner: number, voxels: number, value: number, account: Account): void {
    if (owner === value) return;
    account.held += voxels;
    if (owner === 0) return;
    account.taken[owner] = (account.taken[owner] ?? 0) + voxels;
    this.#accountOf(owner).held -= voxels;
  }

  #sliceOf(slices: Map<number, Uint8Array>, k: number): Uint8Array {
    const slice = slices.get(k) ?? new Uint8Array(Math.ceil(this.#planeSize / 8));
    slices.set(k, slice);
    return slice;
  }

  #accountOf(value: number): Account {
    const account = this.#accounts[value];
    if (account === undefined) throw new RangeError(`value ${value} was not announced to the canvas`);
    return account;
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
