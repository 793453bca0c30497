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
  readonly #columns: number;
  /** Voxels painted so far by each value, whether or not another value took them since; one bit each. */
  readonly #painted = new Map<number, Uint8Array>();
  readonly #counts = new Map<number, { voxels: number; repeated: number }>();
  readonly #taken = new Map<string, { lost: number; won: number; voxels: number }>();

  constructor(geometry: VolumeGeometry, values: readonly number[]) {
    const count = voxelCount(geometry);
    this.labels = Math.max(...values) > 255 ? new Uint16Array(count) : new Uint8Array(count);
    this.#columns = geometry.sizeIjk[0];
    this.#planeSize = geometry.sizeIjk[0] * geometry.sizeIjk[1];
  }

  /** Gives the voxels of one slice to a value. */
  paint(value: number, k: number, { bits, box, columns }: SliceMask): void {
    const { labels } = this;
    const painted = this.#paintedBy(value);
    const count = this.#countOf(value);
    for (let row = box.minRow; row <= box.maxRow; row++) {
      const offset = k * this.#planeSize + row * this.#columns;
      for (let column = box.minColumn; column <= box.maxColumn; column++) {
        if (bits[row * columns + column] === 0) continue;
        const at = offset + column;
        const [byte, bit] = [at >> 3, 1 << (at & 7)];
        if (((painted[byte] as number) & bit) !== 0) count.repeated++;
        else count.voxels++;
        painted[byte] = (painted[byte] as number) | bit;
        const before = labels[at] as number;
        if (before !== 0 && before !== value) this.#take(before, value);
        labels[at] = value;
      }
    }
  }

  /** Voxels a value was given, and how often one it already had was given again. */
  drawnVoxels(value: number): { readonly voxels: number; readonly repeated: number } {
    return this.#countOf(value);
  }

  overlaps(nameOf: (value: number) => string): RegionOverlap[] {
    return [...this.#taken.values()].map(({ lost, won, voxels }) => ({
      lost: nameOf(lost),
      won: nameOf(won),
      voxels,
    }));
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

  #take(lost: number, won: number): void {
    const key = `${lost}>${won}`;
    const taken = this.#taken.get(key) ?? { lost, won, voxels: 0 };
    taken.voxels++;
    this.#taken.set(key, taken);
  }
}
