import { PipelineError } from '../../contracts/errors.ts';
import { acquiredPlanes } from '../mask/acquired-planes.ts';
import type { MaskTarget } from '../mask/mask-target.ts';
import type { MaskWarning } from '../mask/mask-warning.ts';
import type { SegFrame, SegObject, SourceImage } from './seg-object.ts';

/**
 * Makes sure that frames belong to the images they are about to be drawn on: the rules of contours.
 *
 * @param frames - those of the regions that are drawn: others cannot do harm.
 * @throws ReferencedSeriesMissing when the segmentation names other series than the volume's
 * @throws ReferencedImageMissing when its frames name images, none of which is in the volume
 * @throws FrameOfReferenceMismatch when patient coordinates differ and the images do not settle it
 */
export function checkSegReferences(
  target: MaskTarget,
  seg: SegObject,
  frames: readonly SegFrame[],
): MaskWarning[] {
  const planes = acquiredPlanes(target);
  const named = frames.filter(({ sources }) => sources.length > 0);
  // Any position will do: whether the image is there is all that is asked.
  const isThere =
    ({ tile }: SegFrame) =>
    (source: SourceImage) =>
      planes.named(tile === undefined ? source : { sopInstanceUid: source.sopInstanceUid }, 0) !== undefined;
  const resolved = named.filter((frame) => frame.sources.some(isThere(frame)));
  const allResolve = frames.length > 0 && resolved.length === frames.length;
  requireSeries(target, seg, allResolve);
  if (named.length > 0 && resolved.length === 0) {
    throw new PipelineError(
      'ReferencedImageMissing',
      `none of the images that the ${named.length} frames of the segmentation name is in series ${target.seriesUid}; ` +
        'upload the images they were drawn on, or save the segmentation on this series',
      { frames: named.length, seriesUid: target.seriesUid },
    );
  }
  return checkFrameOfReference(target, seg, allResolve);
}

function requireSeries(
  { seriesUid }: MaskTarget,
  { referencedSeriesUids }: SegObject,
  allResolve: boolean,
): void {
  if (allResolve || referencedSeriesUids.length === 0 || referencedSeriesUids.includes(seriesUid)) return;
  throw new PipelineError(
    'ReferencedSeriesMissing',
    `the segmentation was drawn on series ${referencedSeriesUids.join(', ')}, not on ${seriesUid}; ` +
      'upload the series it refers to, or save the segmentation on this one',
    { referencedSeriesUids, seriesUid },
  );
}

function checkFrameOfReference(target: MaskTarget, seg: SegObject, allResolve: boolean): MaskWarning[] {
  const images = target.frameOfReferenceUid;
  const segmentation = seg.frameOfReferenceUid;
  if (images === undefined || segmentation === undefined || images === segmentation) return [];
  if (!allResolve) {
    throw new PipelineError(
      'FrameOfReferenceMismatch',
      `the segmentation lies in frame of reference ${segmentation}, the images in ${images}, and not every frame names ` +
        'an image of the series; register the two, or save the segmentation on this series',
      { segmentation, images },
    );
  }
  return [
    {
      code: 'FrameOfReferenceDiffers',
      message:
        'segmentation and images name different frames of reference, but every frame names an image of the series',
      needsReview: false,
      details: { segmentation, images },
    },
  ];
}
