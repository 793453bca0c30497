import { PipelineError } from '../../contracts/errors.ts';
import type { Contour, Roi, StructureSet } from '../contour/structure-set.ts';
import { acquiredPlanes, type ImageReference } from './acquired-planes.ts';
import type { MaskTarget } from './mask-target.ts';
import type { MaskWarning } from './mask-warning.ts';

/**
 * Makes sure that contours belong to the images they are about to be drawn on.
 *
 * Every region is held to the frame of reference that it states itself: a file may hold regions of several.
 *
 * @param rois - the mapped regions only: others cannot do harm.
 * @throws ReferencedSeriesMissing when the structure set names other series than the volume's
 * @throws ReferencedImageMissing when it names images, none of which is in the volume
 * @throws FrameOfReferenceMismatch when a region's patient coordinates differ and its images do not settle it
 */
export function checkReferences(
  target: MaskTarget,
  structureSet: StructureSet,
  rois: readonly Roi[],
): MaskWarning[] {
  const planes = acquiredPlanes(target);
  const contours = rois.flatMap((roi) => roi.contours);
  const named = contours.filter(({ sopInstanceUid }) => sopInstanceUid !== undefined);
  // Any position will do: whether the image is there is all that is asked.
  const resolves = (contour: Contour) =>
    contour.sopInstanceUid !== undefined && planes.named(referenceOf(contour), 0) !== undefined;
  const anyResolves = contours.some(resolves);
  const allResolve = contours.length > 0 && contours.every(resolves);
  requireSeries(target, structureSet, allResolve);
  if (named.length > 0 && !anyResolves) {
    throw new PipelineError(
      'ReferencedImageMissing',
      `none of the ${named.length} images that the contours name is in series ${target.seriesUid}; ` +
        'upload the images they were drawn on, or save the contours on this series',
      { contours: named.length, seriesUid: target.seriesUid },
    );
  }
  const foreign = rois
    .filter((roi) => roi.contours.length > 0)
    .map((roi) => ({ roi, uid: roi.frameOfReferenceUid ?? structureSet.frameOfReferenceUid }))
    .filter(({ uid }) => uid !== undefined && uid !== (target.frameOfReferenceUid ?? uid));
  const lost = foreign.find(({ roi }) => !roi.contours.every(resolves));
  if (lost !== undefined) throw foreignFrame(lost.roi, lost.uid ?? '', target);
  const uids = [...new Set(foreign.flatMap(({ uid }) => uid ?? []))];
  return uids.map((uid) => differingFrame(uid, target));
}

function referenceOf({ sopInstanceUid = '', frame }: Contour): ImageReference {
  return frame === undefined ? { sopInstanceUid } : { sopInstanceUid, frame };
}

function requireSeries(
  { seriesUid }: MaskTarget,
  { referencedSeriesUids }: StructureSet,
  allResolve: boolean,
): void {
  if (allResolve || referencedSeriesUids.length === 0 || referencedSeriesUids.includes(seriesUid)) return;
  throw new PipelineError(
    'ReferencedSeriesMissing',
    `the contours were drawn on series ${referencedSeriesUids.join(', ')}, not on ${seriesUid}; ` +
      'upload the series they refer to, or save the contours on this one',
    { referencedSeriesUids, seriesUid },
  );
}

function foreignFrame({ number }: Roi, contours: string, target: MaskTarget): PipelineError {
  const images = target.frameOfReferenceUid ?? '';
  return new PipelineError(
    'FrameOfReferenceMismatch',
    `the contours of region number ${number} lie in frame of reference ${contours}, the images in ${images}, and ` +
      'not every contour names an image of the series; register the two, or save the contours on this series',
    { roiNumber: number, contours, images },
  );
}

function differingFrame(contours: string, { frameOfReferenceUid: images = '' }: MaskTarget): MaskWarning {
  return {
    code: 'FrameOfReferenceDiffers',
    message:
      'contours and images name different frames of reference, but every contour names an image of the series',
    needsReview: false,
    details: { contours, images },
  };
}
