import { LabelCanvas } from './label-canvas.ts';
import { LabelLedger } from './label-ledger.ts';
import type { MaskFindings } from './mask-findings.ts';
import { type BuildMaskInput, drawOptions } from './mask-input.ts';
import { MaskPlan } from './mask-plan.ts';
import type { DrawnSlice, PreparedRegion, RegionSource } from './region-source.ts';

/** A region whose slices are drawn up to a point. */
interface RegionInWork {
  readonly prepared: PreparedRegion;
  readonly slices: Iterator<DrawnSlice>;
  /** The next slice, which was drawn to know where it is. */
  next: DrawnSlice | undefined;
  voxels: number;
}

/** The mask that `buildMask` draws, slice by slice: labels beyond those asked for are not in memory. */
export class MaskSlices {
  readonly #plan: MaskPlan;
  readonly #ledger: LabelLedger;
  readonly #planeSize: number;
  readonly #regions: readonly RegionInWork[];
  readonly values: readonly number[];

  private constructor(input: BuildMaskInput, plan: MaskPlan, regions: readonly RegionInWork[]) {
    const [columns, rows] = input.target.geometry.sizeIjk;
    this.#plan = plan;
    this.#regions = regions;
    this.values = plan.values;
    this.#ledger = new LabelLedger(plan.values);
    this.#planeSize = columns * rows;
  }

  /**
   * Looks at all contours, as soon as they are read; nothing but overlaps is refused later.
   *
   * @param input - all regions of which can be prepared
   * @param onRegion - called after each region that was
   * @throws as `buildMask`, OverlappingRegions excepted
   */
  static async prepare(input: BuildMaskInput, onRegion: () => void = () => {}): Promise<MaskSlices> {
    const plan = new MaskPlan(input);
    const regions: RegionInWork[] = [];
    for (const region of plan.wanted) {
      await region.ready?.();
      const prepared = requirePrepare(region)(input.target, drawOptions(input));
      const slices = prepared.slices()[Symbol.iterator]();
      regions.push({ prepared, slices, next: following(slices), voxels: 0 });
      onRegion();
    }
    return new MaskSlices(input, plan, regions);
  }

  /**
   * Paints slices; asked for in ascending order, each once.
   *
   * @param labels - of slices `first` to `last` - 1, all background
   */
  paint(labels: Uint8Array | Uint16Array, first: number, last: number): void {
    const canvas = new LabelCanvas(labels, this.#planeSize, this.values, this.#ledger);
    for (const [index, region] of this.#regions.entries()) {
      const value = this.values[index] as number;
      for (let drawn = region.next; drawn !== undefined && drawn[0] < last; drawn = region.next) {
        region.voxels += canvas.paint(value, drawn[0] - first, drawn[1]);
        region.next = following(region.slices);
      }
    }
  }

  /**
   * When every slice was painted.
   *
   * @throws OverlappingRegions (policy `overlap: fail`)
   */
  findings(): MaskFindings {
    const drawn = this.#regions.map(({ prepared: { drawing }, voxels }) => ({ drawing, voxels }));
    return this.#plan.findings(drawn, this.#ledger);
  }
}

function following(slices: Iterator<DrawnSlice>): DrawnSlice | undefined {
  const next = slices.next();
  return next.done === true ? undefined : next.value;
}

function requirePrepare({ name, prepare }: RegionSource): NonNullable<RegionSource['prepare']> {
  if (prepare !== undefined) return prepare;
  throw new TypeError(`region "${name}" can only be drawn as a whole`);
}
