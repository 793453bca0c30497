import type { LabelPolicies } from '../../contracts/label-policy.ts';
import type { MaskWarning } from './mask-warning.ts';
import type { ContourGap } from './region-source.ts';

/** What was done about slices of a region that nobody drew on. */
export function gapWarnings(
  region: string,
  gaps: readonly ContourGap[],
  policy: LabelPolicies['gaps'],
): MaskWarning[] {
  const slices = (filled: boolean) =>
    gaps
      .filter((gap) => gap.filled === filled)
      .reduce((sum, gap) => sum + gap.lastSlice - gap.firstSlice + 1, 0);
  const [filled, empty] = [slices(true), slices(false)];
  const warnings: MaskWarning[] = [];
  if (filled > 0) {
    const message = `region "${region}": ${filled} slice(s) between contours were interpolated`;
    warnings.push({
      code: 'GapInterpolated',
      message,
      region,
      needsReview: false,
      details: { slices: filled },
    });
  }
  if (empty > 0 && policy !== 'none') {
    const message = `region "${region}": ${empty} slice(s) between contours carry no contour and were left empty`;
    warnings.push({
      code: 'GapBetweenContours',
      message,
      region,
      needsReview: true,
      details: { slices: empty },
    });
  }
  return warnings;
}
