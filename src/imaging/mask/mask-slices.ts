import { LabelLedger } from './label-ledger.ts';
import { LabelRuns } from './label-runs.ts';
import type { MaskFindings } from './mask-findings.ts';
import { type BuildMaskInput, drawOptions } from './mask-input.ts';
import { MaskPlan } from './mask-plan.ts';
import type { DrawnSlice, PreparedRegion, RegionSource } from './region-source.ts';
import { RepeatedVoxels } from './repeated-voxels.ts';

/** A region whose slices are drawn up to a point. */
interface RegionInWork {
  readonly value: number;
  readonly prepared: PreparedRegion;
  readonly slices: Iterator<DrawnSlice>;
  /** The next slice, which was drawn to know where it is. */
  next: DrawnSlice | undefined;
  voxels: number;
}

/** The mask that `buildMask` draws, slice by slice as runs of labels: no voxel of it is in memory. */
export class MaskSlices {
  readonly #plan: MaskPlan;
  readonly #ledger: LabelLedger;
  readonly #planeSize: number;
  readonly #regions: readonly RegionInWork[];
  readonly #repeated: RepeatedVoxels;
  readonly #canvas = [new LabelRuns(), new LabelRuns()] as const;
  readonly values: readonly number[];

  /**
   * Looks at all contours; nothing but overlaps is refused later.
   *
   * @param input - all regions of which can be prepared
   * @param onRegion - called after each region that was
   * @throws as `buildMask`, OverlappingRegions excepted
   */
  constructor(input: BuildMaskInput, onRegion: () => void = () => {}) {
    const plan = new MaskPlan(input);
    const [columns, rows] = input.target.geometry.sizeIjk;
    this.#plan = plan;
    this.values = plan.values;
    this.#ledger = new LabelLedger(plan.values);
    this.#planeSize = columns * rows;
    this.#repeated = new RepeatedVoxels(plan.values, this.#planeSize);
    this.#regions = plan.wanted.map((region, index) => {
      const prepared = requirePrepare(region)(input.target, drawOptions(input));
      const slices = prepared.slices()[Symbol.iterator]();
      onRegion();
      return { value: plan.values[index] as number, prepared, slices, next: following(slices), voxels: 0 };
    });
  }

  /** Draws slice k, valid until the next one is asked for; slices are asked for in ascending order, each once. */
  draw(k: number): LabelRuns {
    let [painted, spare] = this.#canvas;
    painted.clear(this.#planeSize);
    for (const region of this.#regions) {
      const { value } = region;
      for (let drawn = region.next; drawn !== undefined && drawn[0] <= k; drawn = region.next) {
        const runs = drawn[1];
        spare.paint(painted, runs, value, (owner, voxels) => this.#ledger.take(value, owner, voxels));
        const voxels = runs.voxels();
        this.#ledger.give(value, voxels, this.#repeated.count(value, k, runs));
        region.voxels += voxels;
        const below = painted;
        painted = spare;
        spare = below;
        region.next = following(region.slices);
      }
    }
    this.#repeated.forget(k);
    return painted;
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
