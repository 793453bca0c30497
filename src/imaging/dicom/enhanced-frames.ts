import { PipelineError } from '../../contracts/errors.ts';
import {
  type Attribute,
  type DataSet,
  readDoubles,
  readItems,
  readString,
  readStrings,
  readUint16,
  readUint32s,
} from './data-set.ts';
import { IMAGE, SEQUENCE } from './image-attributes.ts';
import { readAcquisition } from './read-acquisition.ts';
import { readPlane } from './read-plane.ts';
import { readScale } from './read-value-meaning.ts';
import { localizer } from './require-volume-slice.ts';
import type { SliceAcquisition, SliceHeader } from './slice.ts';
import { withoutAbsent } from './without-absent.ts';

/** What a frame of an enhanced image says for itself. */
type FrameHeader = Pick<
  SliceHeader,
  | 'positionLps'
  | 'rowCosinesLps'
  | 'columnCosinesLps'
  | 'pixelSpacingMm'
  | 'rescale'
  | 'imageType'
  | 'acquisition'
> &
  Partial<Pick<SliceHeader, 'units' | 'sliceThicknessMm' | 'spacingBetweenSlicesMm'>>;

/** Finds the item of a functional group for one frame: its own, else the shared one. */
type GroupLookup = (sequence: Attribute) => DataSet | undefined;

/**
 * Reads every frame of an enhanced CT, MR or PET image by its functional groups (PS3.3 C.7.6.16).
 *
 * What a group leaves out is looked for in the data set itself, where some writers put what all frames share.
 *
 * @throws MissingAttribute, DegenerateOrientation, Localizer
 * @throws UnsupportedImage when the groups do not match NumberOfFrames (0028,0008).
 */
export function readEnhancedFrames(dataSet: DataSet, frames: number): readonly FrameHeader[] {
  const perFrame = readItems(dataSet, SEQUENCE.perFrame);
  if (perFrame.length !== frames) {
    throw new PipelineError(
      'UnsupportedImage',
      `the image has ${frames} frames and ${perFrame.length} per-frame functional groups; both must agree: export the series again`,
      { frames, perFrameGroups: perFrame.length },
    );
  }
  const shared = sharedGroups(dataSet);
  const acquisition = readAcquisition(dataSet);
  return perFrame.map((item) => {
    const group: GroupLookup = (sequence) => readItems(item, sequence)[0] ?? shared(sequence);
    return readFrame(dataSet, group, acquisition);
  });
}

/** Shared groups are read once, not for every frame. */
function sharedGroups(dataSet: DataSet): GroupLookup {
  const [item] = readItems(dataSet, SEQUENCE.shared);
  const known = new Map<string, DataSet | undefined>();
  return (sequence) => {
    if (!known.has(sequence.tag)) known.set(sequence.tag, item && readItems(item, sequence)[0]);
    return known.get(sequence.tag);
  };
}

function readFrame(dataSet: DataSet, group: GroupLookup, common: SliceAcquisition): FrameHeader {
  const transformation = group(SEQUENCE.pixelValueTransformation);
  const mapping =
    group(SEQUENCE.realWorldValueMapping) ?? readItems(dataSet, SEQUENCE.realWorldValueMapping)[0];
  return {
    imageType: readFrameType(dataSet, group),
    ...readPlane({
      position: group(SEQUENCE.planePosition) ?? dataSet,
      orientation: group(SEQUENCE.planeOrientation) ?? dataSet,
      measures: group(SEQUENCE.pixelMeasures) ?? dataSet,
    }),
    ...readScale({ transformation: transformation ?? dataSet, mapping }),
    acquisition: { ...common, ...readFrameAcquisition(group) },
  };
}

/** FrameType (0008,9007) of the modality's own group, else ImageType (0008,0008). */
function readFrameType(dataSet: DataSet, group: GroupLookup): readonly string[] {
  const typed = group(SEQUENCE.mrFrameType) ?? group(SEQUENCE.ctFrameType) ?? group(SEQUENCE.petFrameType);
  const frameType = typed === undefined ? [] : readStrings(typed, IMAGE.frameType);
  if (frameType.includes('LOCALIZER')) throw localizer();
  return frameType.length > 0 ? frameType : readStrings(dataSet, IMAGE.imageType);
}

function readFrameAcquisition(group: GroupLookup): SliceAcquisition {
  const content = group(SEQUENCE.frameContent);
  const echo = group(SEQUENCE.echo);
  const diffusion = group(SEQUENCE.diffusion);
  const cardiac = group(SEQUENCE.cardiac);
  return withoutAbsent({
    acquisitionNumber: content && readUint16(content, IMAGE.frameAcquisitionNumber),
    temporalPosition: content && readUint32s(content, IMAGE.temporalPositionIndex)?.[0],
    acquiredAt: content && readString(content, IMAGE.frameAcquisitionDateTime),
    stackId: content && readString(content, IMAGE.stackId),
    dimensionIndexValues: content && readUint32s(content, IMAGE.dimensionIndexValues),
    echoTimeMs: echo && readDoubles(echo, IMAGE.effectiveEchoTime)?.[0],
    bValue: diffusion && readDoubles(diffusion, IMAGE.diffusionBValue)?.[0],
    triggerTimeMs: cardiac && readDoubles(cardiac, IMAGE.nominalCardiacTriggerDelay)?.[0],
  });
}
