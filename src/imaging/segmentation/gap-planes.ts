import type { AcquiredImage, MaskTarget } from '../mask/mask-target.ts';

/** A region is carried over at most this many slices of the grid, or {@link LONGEST_GAP_MM} where slices are thin. */
const LONGEST_GAP_SLICES = 4;
const LONGEST_GAP_MM = 10;

/**
 * The target with an empty plane at either end of each long gap between acquired images.
 *
 * A few missing slices are bridged by shape. Over a long gap nothing is known of the region, so it ends there: the
 * frames of a segmentation are all that its author saw.
 */
export function endAtLongGaps(target: MaskTarget): MaskTarget {
  const longest = Math.max(LONGEST_GAP_SLICES, LONGEST_GAP_MM / target.geometry.spacingMm[2]);
  const ks = [...new Set(target.slices.map(({ k }) => k))].sort((a, b) => a - b);
  const ends = ks.flatMap((upper, index): AcquiredImage[] => {
    const lower = ks[index - 1];
    if (lower === undefined || upper - lower <= longest) return [];
    return [Math.floor(lower) + 1, Math.ceil(upper) - 1].map((k) => ({ k, sopInstanceUid: '' }));
  });
  return ends.length === 0 ? target : { ...target, slices: [...target.slices, ...ends] };
}
