import { PipelineError } from '../../contracts/errors.ts';
import type { Contour, StructureSet } from '../contour/structure-set.ts';
import { acquiredPlanes, type ImageReference } from './acquired-planes.ts';
import type { MaskTarget } from './mask-target.ts';
import type { MaskWarning } from './mask-warning.ts';

/**
 * Makes sure that contours belong to the images they are about to be drawn on.
 *
 * @param contours - those of the mapped regions only: others cannot do harm.
 * @throws ReferencedSeriesMissing when the structure set names other series than the volume's
 * @throws ReferencedImageMissing when it names images, none of which is in the volume
 * @throws FrameOfReferenceMismatch when patient coordinates differ and the images do not settle it
 */
export function checkReferences(
  target: MaskTarget,
  structureSet: StructureSet,
  contours: readonly Contour[],
): MaskWarning[] {
  const planes = acquiredPlanes(target);
  const named = contours.filter(({ sopInstanceUid }) => sopInstanceUid !== undefined);
  // Any position will do: whether the image is there is all that is asked.
  const resolved = named.filter((contour) => planes.named(referenceOf(contour), 0) !== undefined);
  const allResolve = contours.length > 0 && resolved.length === contours.length;
  requireSeries(target, structureSet, allResolve);
  if (named.length > 0 && resolved.length === 0) {
    throw new PipelineError(
      'ReferencedImageMissing',
      `none of the ${named.length} images that the contours name is in series ${target.seriesUid}; ` +
        'upload the images they were drawn on, or save the contours on this series',
      { contours: named.length, seriesUid: target.seriesUid },
    );
  }
  return checkFrameOfReference(target, structureSet, allResolve);
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

function checkFrameOfReference(
  target: MaskTarget,
  structureSet: StructureSet,
  allResolve: boolean,
): MaskWarning[] {
  const images = target.frameOfReferenceUid;
  const contours = structureSet.frameOfReferenceUid;
  if (images === undefined || contours === undefined || images === contours) return [];
  if (!allResolve) {
    throw new PipelineError(
      'FrameOfReferenceMismatch',
      `the contours lie in frame of reference ${contours}, the images in ${images}, and not every contour names an ` +
        'image of the series; register the two, or save the contours on this series',
      { contours, images },
    );
  }
  return [
    {
      code: 'FrameOfReferenceDiffers',
      message:
        'contours and images name different frames of reference, but every contour names an image of the series',
      needsReview: false,
      details: { contours, images },
    },
  ];
}
