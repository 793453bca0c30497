import type { LabelPolicies } from '../../contracts/label-policy.ts';
import type { LabelMap } from './label-map.ts';
import type { MaskTarget } from './mask-target.ts';
import type { DrawOptions, RegionSet } from './region-source.ts';

export interface BuildMaskInput {
  readonly target: MaskTarget;
  readonly regions: RegionSet;
  /** Absent: every region of the file gets a value, 1 to N in the file's order. */
  readonly labelMap?: LabelMap | undefined;
  readonly policies: LabelPolicies;
  /** Longest stretch between two contours that `gaps: interpolate` fills, in mm. */
  readonly interpolateUpToMm?: number | undefined;
}

const DEFAULT_INTERPOLATION_MM = 10;

/** How far a policy lets gaps be filled; the same for a mask and for a region drawn by itself. */
export function drawOptions({
  policies,
  interpolateUpToMm = DEFAULT_INTERPOLATION_MM,
}: Pick<BuildMaskInput, 'policies' | 'interpolateUpToMm'>): DrawOptions {
  return { interpolateUpToMm: policies.gaps === 'interpolate' ? interpolateUpToMm : 0 };
}
