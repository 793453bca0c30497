import { type ErrorCode, PipelineError } from '../../contracts/errors.ts';
import {
  type DataSet,
  hasAttribute,
  readItems,
  readNumbers,
  readString,
  readStrings,
  readUint16,
  requireString,
} from './data-set.ts';
import { IMAGE, SEQUENCE } from './image-attributes.ts';

/** Secondary Capture Image Storage and its multi-frame kinds `.7.1` to `.7.4`. */
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
/** Objects that look like images and are read elsewhere or not at all. */
const NOT_AN_IMAGE: ReadonlyMap<string, string> = new Map([
  ['SEG', 'a segmentation is a mask: give it as the regions of interest'],
  ['RTDOSE', 'a dose grid is not an image series: leave this file out'],
]);

/**
 * Refuses what cannot be part of a grey volume.
 *
 * @returns number of frames.
 * @throws Localizer, ColourImage, SecondaryCapture, UnsupportedImage, MissingAttribute
 */
export function requireVolumeSlice(dataSet: DataSet): number {
  const photometric = requireString(dataSet, IMAGE.photometric);
  const samples = readUint16(dataSet, IMAGE.samplesPerPixel) ?? 1;
  const frames = readNumbers(dataSet, IMAGE.numberOfFrames)?.[0] ?? 1;
  const modality = readString(dataSet, IMAGE.modality) ?? '';
  const facts = { photometricInterpretation: photometric.slice(0, 16), samplesPerPixel: samples, frames };
  const refuse = (code: ErrorCode, what: string) =>
    new PipelineError(code, `${what}; leave this file out or export the series as greyscale slices`, facts);
  const notAnImage = NOT_AN_IMAGE.get(modality);
  if (notAnImage !== undefined) throw new PipelineError('UnsupportedImage', notAnImage, { modality });
  if (readStrings(dataSet, IMAGE.imageType).includes('LOCALIZER')) throw localizer();
  if (samples !== 1 || !photometric.startsWith('MONOCHROME'))
    throw refuse(
      'ColourImage',
      `a colour image (${facts.photometricInterpretation}) carries no single value per voxel`,
    );
  const sopClass = readString(dataSet, IMAGE.sopClassUid) ?? '';
  const captured = sopClass === SECONDARY_CAPTURE || sopClass.startsWith(`${SECONDARY_CAPTURE}.`);
  const enhanced = hasFunctionalGroups(dataSet);
  if (captured && !enhanced && (frames !== 1 || !hasAttribute(dataSet, IMAGE.position)))
    throw refuse('SecondaryCapture', 'a secondary capture has no place in the patient');
  if (!Number.isInteger(frames) || frames < 1)
    throw refuse('UnsupportedImage', `an image of ${frames} frames cannot be`);
  if (frames !== 1 && !enhanced)
    throw refuse(
      'UnsupportedImage',
      `${frames} frames without functional groups have no place in the patient`,
    );
  if (hasAttribute(dataSet, SEQUENCE.modalityLut))
    throw refuse('UnsupportedImage', 'values behind a ModalityLUTSequence are not linear');
  return frames;
}

/** True for enhanced images, which say where each frame lies (PS3.3 C.7.6.16). */
export function hasFunctionalGroups(dataSet: DataSet): boolean {
  return readItems(dataSet, SEQUENCE.perFrame).length > 0;
}

export function localizer(): PipelineError {
  return new PipelineError('Localizer', 'a localizer is not a slice of a volume; leave this file out');
}
