import type { LabelPolicies } from '../../contracts/label-policy.ts';
import type { RoiDrawing } from './draw-roi.ts';
import type { MaskWarning, MaskWarningCode } from './mask-warning.ts';

/** What a person should know about how one region's contours were drawn. */
export function drawingWarnings(
  region: string,
  drawings: readonly RoiDrawing[],
  gapPolicy: LabelPolicies['gaps'],
): MaskWarning[] {
  const total = (of: (drawing: RoiDrawing) => number) =>
    drawings.reduce((sum, drawing) => sum + of(drawing), 0);
  const warn = (
    code: MaskWarningCode,
    count: number,
    message: string,
    needsReview: boolean,
  ): MaskWarning[] =>
    count === 0
      ? []
      : [{ code, message: `region "${region}": ${message}`, region, needsReview, details: { count } }];
  const outside = total(({ placed }) => placed.outside);
  const degenerate = total(({ placed }) => placed.degenerate);
  const unfilled = total(({ placed }) => placed.unfilled);
  const duplicates = total((drawing) => drawing.duplicates);
  return [
    ...warn(
      'ContoursOutsideVolume',
      outside,
      `${outside} contour(s) lie beyond the first or last slice and were not drawn`,
      true,
    ),
    ...warn(
      'DegenerateContours',
      degenerate,
      `${degenerate} contour(s) have fewer than three different points and enclose nothing`,
      false,
    ),
    ...warn(
      'UnfilledContourTypes',
      unfilled,
      `${unfilled} open contour(s) or point(s) enclose nothing and were left out`,
      true,
    ),
    ...warn('RepeatedContours', duplicates, `${duplicates} contour(s) are drawn twice and count once`, false),
    ...crossingWarning(region, drawings),
    ...gapWarnings(region, drawings, gapPolicy),
  ];
}

function crossingWarning(region: string, drawings: readonly RoiDrawing[]): MaskWarning[] {
  const crossing = drawings.filter(({ parityVolumeMm3 }) => parityVolumeMm3 !== undefined);
  if (crossing.length === 0) return [];
  const ml = (of: (drawing: RoiDrawing) => number) =>
    crossing.reduce((sum, drawing) => sum + of(drawing), 0) / 1000;
  const unionMl = ml(({ volumeMm3 }) => volumeMm3);
  const parityMl = ml(({ volumeMm3, parityVolumeMm3 }) => parityVolumeMm3 ?? volumeMm3);
  return [
    {
      code: 'PartlyCrossingContours',
      message:
        `region "${region}": contours of one plane partly cross and were joined (${unionMl.toFixed(2)} ml); ` +
        `taken as exclusive they would give ${parityMl.toFixed(2)} ml`,
      region,
      needsReview: true,
      details: { unionMl, parityMl },
    },
  ];
}

function gapWarnings(
  region: string,
  drawings: readonly RoiDrawing[],
  policy: LabelPolicies['gaps'],
): MaskWarning[] {
  const gaps = drawings.flatMap((drawing) => drawing.gaps);
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
