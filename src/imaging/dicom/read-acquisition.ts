import { type DataSet, readDoubles, readItems, readNumbers, readString, readStrings } from './data-set.ts';
import { IMAGE, SEQUENCE } from './image-attributes.ts';
import type { PetAttributes, SliceAcquisition } from './slice.ts';
import { withoutAbsent } from './without-absent.ts';

/** What tells a classic image from others at its place. */
export function readAcquisition(dataSet: DataSet): SliceAcquisition {
  const number = (attribute: (typeof IMAGE)[keyof typeof IMAGE]) => readNumbers(dataSet, attribute)?.[0];
  return withoutAbsent({
    instanceNumber: number(IMAGE.instanceNumber),
    acquisitionNumber: number(IMAGE.acquisitionNumber),
    temporalPosition: number(IMAGE.temporalPositionIdentifier),
    echoTimeMs: number(IMAGE.echoTime),
    echoNumber: number(IMAGE.echoNumbers),
    triggerTimeMs: number(IMAGE.triggerTime),
    bValue: readDoubles(dataSet, IMAGE.diffusionBValue)?.[0],
    acquiredAt: readString(dataSet, IMAGE.acquisitionDateTime) ?? readString(dataSet, IMAGE.acquisitionTime),
  });
}

/** What an uptake value needs; undefined for other modalities. */
export function readPet(dataSet: DataSet): PetAttributes | undefined {
  if (readString(dataSet, IMAGE.modality) !== 'PT') return undefined;
  const [dose = dataSet] = readItems(dataSet, SEQUENCE.radiopharmaceutical);
  const number = (from: DataSet, attribute: (typeof IMAGE)[keyof typeof IMAGE]) =>
    readNumbers(from, attribute)?.[0];
  const correctedImage = readStrings(dataSet, IMAGE.correctedImage);
  return withoutAbsent({
    decayCorrection: readString(dataSet, IMAGE.decayCorrection),
    correctedImage: correctedImage.length === 0 ? undefined : correctedImage,
    suvType: readString(dataSet, IMAGE.suvType),
    injectedDoseBq: number(dose, IMAGE.radionuclideTotalDose),
    halfLifeSeconds: number(dose, IMAGE.radionuclideHalfLife),
    injectedAt: readString(dose, IMAGE.radiopharmaceuticalStartDateTime),
    injectedTime: readString(dose, IMAGE.radiopharmaceuticalStartTime),
    seriesStartedAt: dateTime(dataSet, IMAGE.seriesDate, IMAGE.seriesTime),
    acquiredAt:
      dateTime(dataSet, IMAGE.acquisitionDate, IMAGE.acquisitionTime) ??
      readString(dataSet, IMAGE.acquisitionDateTime),
    patientWeightKg: number(dataSet, IMAGE.patientWeight),
    frameReferenceTimeMs: number(dataSet, IMAGE.frameReferenceTime),
    frameDurationMs: number(dataSet, IMAGE.actualFrameDuration),
    decayFactor: number(dataSet, IMAGE.decayFactor),
  });
}

function dateTime(
  dataSet: DataSet,
  dateOf: (typeof IMAGE)['seriesDate' | 'acquisitionDate'],
  timeOf: (typeof IMAGE)['seriesTime' | 'acquisitionTime'],
): string | undefined {
  const date = readString(dataSet, dateOf);
  const time = readString(dataSet, timeOf);
  return date === undefined || time === undefined ? undefined : date + time;
}
