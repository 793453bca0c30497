import { type Assignment, assignRegions, numberRegions } from './assign-regions.ts';
import type { LabelLedger } from './label-ledger.ts';
import { type MaskFindings, maskFindings, type RegionResult } from './mask-findings.ts';
import type { BuildMaskInput } from './mask-input.ts';
import type { MaskWarning } from './mask-warning.ts';
import type { RegionSource } from './region-source.ts';

/** What is drawn, in which order and with which values; for whoever draws and paints in another way than all at once. */
export class MaskPlan {
  readonly #input: BuildMaskInput;
  readonly #assignment: Assignment;
  readonly #setWarnings: readonly MaskWarning[];
  /** The mapped regions, in the order in which they are painted. */
  readonly wanted: readonly RegionSource[];
  /** Of each wanted region. */
  readonly values: readonly number[];

  /** @throws whatever is wrong with the set or the label map as a whole */
  constructor(input: BuildMaskInput) {
    const { target, regions: set, labelMap, policies } = input;
    this.#input = input;
    this.#assignment =
      labelMap === undefined
        ? numberRegions(set.regions)
        : assignRegions(set.regions, labelMap, policies.unmapped);
    const { assigned } = this.#assignment;
    this.wanted = assigned.flatMap(({ regions }) => regions);
    this.values = assigned.flatMap(({ entry, regions }) => regions.map(() => entry.value));
    this.#setWarnings = [...set.warnings, ...set.check(target, this.wanted)];
  }

  /**
   * @param drawn - of each wanted region. @param ledger - of all slices
   * @throws OverlappingRegions (policy `overlap: fail`)
   */
  findings(drawn: readonly RegionResult[], ledger: LabelLedger): MaskFindings {
    return maskFindings(this.#input, this.#assignment, { drawn, ledger, warnings: this.#setWarnings });
  }
}
