import { type VolumeGeometry, voxelCount } from '../geometry/volume-geometry.ts';
import type { SliceMask } from './rasterise.ts';

/** Voxels enclosed by two regions: `lost` had them first, `won` comes later in the label map. */
export interface RegionOverlap {
  readonly lost: string;
  readonly won: string;
  readonly voxels: number;
}

/** A label map volume in the making; paints region after region and keeps account of who took what from whom. */
export class LabelCanvas {
  readonly labels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  readonly #planeSize: number;
  readonly #largestValue: number;
  /** Voxels painted so far by each value, whether or not another value took them since; one bit each. */
  readonly #painted = new Map<number, Uint8Array>();
  readonly #counts = new Map<number, { voxels: number; repeated: number }>();
  /** Voxels that each value painted over, by what they held before: 0, itself, or the value that lost them. */
  readonly #taken = new Map<number, Uint32Array>();

  constructor(geometry: VolumeGeometry, values: readonly number[]) {
    const count = voxelCount(geometry);
    this.#largestValue = Math.max(...values);
    this.labels = this.#largestValue > 255 ? new Uint16Array(count) : new Uint8Array(count);
    this.#planeSize = geometry.sizeIjk[0] * geometry.sizeIjk[1];
  }

  /** Gives the voxels of one slice to a value. */
  paint(value: number, k: number, { bits, box, columns }: SliceMask): void {
    const { labels } = this;
    const painted = this.#paintedBy(value);
    const taken = this.#takenBy(value);
    const count = this.#countOf(value);
    const shift = k * this.#planeSize;
    let given = 0;
    let repeated = 0;
    for (let row = box.minRow; row <= box.maxRow; row++) {
      const end = row * columns + box.maxColumn;
      for (let from = row * columns + box.minColumn; from <= end; from++) {
        if (bits[from] === 0) continue;
        const at = from + shift;
        const byte = painted[at >> 3] as number;
        const bit = 1 << (at & 7);
        if ((byte & bit) === 0) given++;
        else repeated++;
        painted[at >> 3] = byte | bit;
        const before = labels[at] as number;
        taken[before] = (taken[before] as number) + 1;
        labels[at] = value;
      }
    }
    count.voxels += given;
    count.repeated += repeated;
  }

  /** Voxels a value was given, and how often one it already had was given again. */
  drawnVoxels(value: number): { readonly voxels: number; readonly repeated: number } {
    return this.#countOf(value);
  }

  overlaps(nameOf: (value: number) => string): RegionOverlap[] {
    return [...this.#taken].flatMap(([won, taken]) =>
      [...taken.entries()]
        .filter(([lost, voxels]) => lost !== 0 && lost !== won && voxels > 0)
        .map(([lost, voxels]) => ({ lost: nameOf(lost), won: nameOf(won), voxels })),
    );
  }

  #paintedBy(value: number): Uint8Array {
    const painted = this.#painted.get(value) ?? new Uint8Array(Math.ceil(this.labels.length / 8));
    this.#painted.set(value, painted);
    return painted;
  }

  #countOf(value: number): { voxels: number; repeated: number } {
    const count = this.#counts.get(value) ?? { voxels: 0, repeated: 0 };
    this.#counts.set(value, count);
    return count;
  }

  #takenBy(value: number): Uint32Array {
    const taken = this.#taken.get(value) ?? new Uint32Array(this.#largestValue + 1);
    this.#taken.set(value, taken);
    return taken;
  }
}
