import dicomParser from 'dicom-parser';
import { HttpError } from './http-error.ts';

/** The images that a contour or segmentation object refers to. */
export interface References {
  readonly uid: string;
  readonly name: string;
  readonly studyUids: readonly string[];
  readonly seriesUids: readonly string[];
  readonly sopInstanceUids: readonly string[];
}

/** Reads the references of an RTSTRUCT (3006,0010; 3006,0039) or a SEG (0008,1115). */
export function readDicomReferences(bytes: Uint8Array): References {
  const dataset = parse(bytes);
  const studies = items(dataset, 'x30060010').flatMap((frame) => items(frame, 'x30060012'));
  const rtSeries = studies.flatMap((study) => items(study, 'x30060014'));
  const segSeries = items(dataset, 'x00081115');
  const contours = items(dataset, 'x30060039').flatMap((roi) => items(roi, 'x30060040'));
  const images = [
    ...contours.flatMap((contour) => items(contour, 'x30060016')),
    ...segSeries.flatMap((series) => items(series, 'x0008114a')),
  ];
  const uids = (sets: readonly dicomParser.DataSet[], tag: string): string[] => [
    ...new Set(sets.flatMap((set) => set.string(tag)?.trim() ?? []).filter((uid) => uid !== '')),
  ];
  const referencedStudies = uids(studies, 'x00081155');
  return {
    uid: dataset.string('x00080018') ?? '',
    name: dataset.string('x30060002') ?? dataset.string('x0008103e') ?? '',
    studyUids: referencedStudies.length > 0 ? referencedStudies : uids([dataset], 'x0020000d'),
    seriesUids: uids([...rtSeries, ...segSeries], 'x0020000e'),
    sopInstanceUids: uids(images, 'x00081155'),
  };
}

function parse(bytes: Uint8Array): dicomParser.DataSet {
  try {
    return dicomParser.parseDicom(bytes);
  } catch {
    throw new HttpError(422, 'The content is not a readable DICOM object.');
  }
}

function items(dataset: dicomParser.DataSet, tag: string): dicomParser.DataSet[] {
  return (dataset.elements[tag]?.items ?? []).flatMap((item) => item.dataSet ?? []);
}
