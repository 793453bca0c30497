import { PLANARITY_TOLERANCE_MM } from './contour-plane.ts';
import type { RoiDrawing } from './draw-roi.ts';
import type { MaskWarning, MaskWarningCode } from './mask-warning.ts';

/** What a person should know about how one region's contours were drawn. */
export function drawingWarnings(region: string, drawing: RoiDrawing): MaskWarning[] {
  const { outside, degenerate, unfilled } = drawing.placed;
  const { duplicates, superseded } = drawing;
  const warn = (
    code: MaskWarningCode,
    count: number,
    message: string,
    needsReview: boolean,
  ): MaskWarning[] =>
    count === 0
      ? []
      : [{ code, message: `region "${region}": ${message}`, region, needsReview, details: { count } }];
  return [
    ...warn(
      'ContoursOutsideVolume',
      outside,
      `${outside} contour(s) lie beyond the first or last slice and were not drawn`,
      true,
    ),
    ...warn(
      'ContoursSuperseded',
      superseded,
      `${superseded} contour(s) share a slice with contours nearer to its middle and were not drawn`,
      true,
    ),
    ...overhangWarning(region, drawing),
    ...apartWarning(region, drawing),
    ...warn(
      'DegenerateContours',
      degenerate,
      `${degenerate} contour(s) have fewer than three different points and enclose nothing`,
      false,
    ),
    ...warn(
      'UnfilledContourTypes',
      unfilled.length,
      `${unfilled.length} contour(s) of type ${[...new Set(unfilled)].join(', ')} enclose nothing that can be filled and were left out`,
      true,
    ),
    ...warn('RepeatedContours', duplicates, `${duplicates} contour(s) are drawn twice and count once`, false),
    ...crossingWarning(region, drawing),
  ];
}

function overhangWarning(
  region: string,
  { overhang: { contours: count, areaMm2 } }: RoiDrawing,
): MaskWarning[] {
  if (count === 0) return [];
  return [
    {
      code: 'ContoursOutsideImages',
      message:
        `region "${region}": ${count} contour(s) reach beyond the edge of the images; ${areaMm2.toFixed(1)} mm2 of their ` +
        'area lies where there are no voxels and was not drawn',
      region,
      needsReview: true,
      details: { count, areaMm2 },
    },
  ];
}

/** Within the tolerance a file rounded positions; beyond it somebody may have drawn two slices. */
function apartWarning(region: string, { spanMm }: RoiDrawing): MaskWarning[] {
  if (spanMm <= PLANARITY_TOLERANCE_MM) return [];
  return [
    {
      code: 'ContoursApart',
      message:
        `region "${region}": contours that name one image lie up to ${spanMm.toFixed(2)} mm apart along its normal and ` +
        'were taken as one plane',
      region,
      needsReview: true,
      details: { spanMm },
    },
  ];
}

function crossingWarning(region: string, { volumeMm3, parityVolumeMm3 }: RoiDrawing): MaskWarning[] {
  if (parityVolumeMm3 === undefined) return [];
  const [unionMl, parityMl] = [volumeMm3 / 1000, parityVolumeMm3 / 1000];
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
