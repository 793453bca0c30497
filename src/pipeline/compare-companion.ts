import { PipelineError } from '../contracts/errors.ts';
import { compareStructureSets } from '../imaging/mask/compare-structure-sets.ts';
import { type LabelMap, matchRegion } from '../imaging/mask/label-map.ts';
import type { MaskTarget } from '../imaging/mask/mask-target.ts';
import type { MaskWarning } from '../imaging/mask/mask-warning.ts';
import { readStructures } from './read-regions.ts';

/**
 * Compares the RTSTRUCT that a mask was made of with the AIM that it was derived from. A difference is for a person to
 * judge, unless the label map leaves the region out; so is an AIM that cannot be read.
 */
export function compareCompanion(
  drawn: Uint8Array,
  companion: Uint8Array,
  target: MaskTarget,
  labelMap: LabelMap,
): readonly MaskWarning[] {
  const isLeftOut = (name: string | undefined) =>
    name !== undefined && matchRegion(labelMap, name) === undefined;
  try {
    const [first, second] = [readStructures(drawn), readStructures(companion)];
    if (first === null || second === null) return [];
    return compareStructureSets(first, second, target).warnings.map((warning) => ({
      ...warning,
      needsReview: warning.needsReview && !isLeftOut(warning.region),
    }));
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return [
      {
        code: 'FormatsDiffer',
        message: `the AIM that the contours were saved as cannot be compared with them: ${error.message}`,
        needsReview: true,
        details: { reason: error.code },
      },
    ];
  }
}
