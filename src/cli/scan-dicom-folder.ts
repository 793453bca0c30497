import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PipelineError } from '../contracts/errors.ts';
import { RT_STRUCTURE_SET_STORAGE } from '../imaging/contour/parse-rtstruct.ts';
import { type DataSet, hasAttribute, openDicom, readString } from '../imaging/dicom/data-set.ts';
import { describeRegions, looksLikeXml } from '../pipeline/read-regions.ts';

export interface DicomImages {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly modality: string;
  /** Null where the files carry no PatientID (0010,0020). */
  readonly patient: DicomPatient | null;
  readonly files: readonly string[];
  readonly sopInstanceUids: readonly string[];
}

/** A PatientID is unique for its issuer only; the issuer is empty where the files do not name one. */
export interface DicomPatient {
  readonly id: string;
  readonly issuer: string;
}

export interface DicomStructures {
  readonly file: string;
  readonly format: 'RTSTRUCT' | 'AIM' | 'SEG';
  readonly studyUid: string;
  readonly seriesUids: readonly string[];
  readonly roiNames: readonly string[];
}

/** What a folder holds, by header; files that are neither DICOM images nor regions are only counted. */
export interface DicomFolder {
  readonly series: readonly DicomImages[];
  readonly structures: readonly DicomStructures[];
  readonly ignored: readonly string[];
}

/** A file that is DICOM or AIM and cannot be read. */
export interface DamagedFile {
  readonly path: string;
  readonly error: PipelineError;
}

const TAGS = {
  sopClass: { name: 'SOPClassUID', tag: 'x00080016' },
  sopInstance: { name: 'SOPInstanceUID', tag: 'x00080018' },
  modality: { name: 'Modality', tag: 'x00080060' },
  patientId: { name: 'PatientID', tag: 'x00100020' },
  issuer: { name: 'IssuerOfPatientID', tag: 'x00100021' },
  study: { name: 'StudyInstanceUID', tag: 'x0020000d' },
  series: { name: 'SeriesInstanceUID', tag: 'x0020000e' },
  rows: { name: 'Rows', tag: 'x00280010' },
} as const;

/**
 * Reads every file below a folder and groups the images by series.
 *
 * @param onDamaged - told of each damaged file, which is then left out; without it the first one is an error,
 *   because a set that lacks a file without a word is worse than none.
 * @throws NotFound when there is no such folder
 * @throws what is wrong with a damaged file, its name first
 */
export async function scanDicomFolder(
  folder: string,
  onDamaged: (damaged: DamagedFile) => void = (damaged) => refuse(folder, damaged),
): Promise<DicomFolder> {
  const series = new Map<string, GrowingSeries>();
  const structures: DicomStructures[] = [];
  const ignored: string[] = [];
  for (const path of await filesBelow(folder)) {
    const found = await readHeader(path, onDamaged);
    if (found === 'damaged') continue;
    if (found === null) ignored.push(path);
    else if (found.kind === 'structures') structures.push(found.structures);
    else addImage(series, path, found);
  }
  return { series: [...series.values()], structures, ignored };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new PipelineError('NotFound', `${folder} is not a folder; name one that holds DICOM files`, {
      folder,
    });
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function refuse(folder: string, { path, error }: DamagedFile): never {
  const file = relative(folder, path);
  throw new PipelineError(
    error.code,
    `${file}: ${error.message}; export this file again, or take it out of the folder`,
    { ...error.details, file },
    { cause: error },
  );
}

type GrowingSeries = DicomImages & { files: string[]; sopInstanceUids: string[] };

function addImage(series: Map<string, GrowingSeries>, path: string, image: ImageHeader): void {
  const { studyUid, seriesUid, modality, patient, sopInstanceUid } = image;
  const known = series.get(seriesUid) ?? {
    ...{ studyUid, seriesUid, modality, patient },
    files: [],
    sopInstanceUids: [],
  };
  known.files.push(path);
  known.sopInstanceUids.push(sopInstanceUid);
  series.set(seriesUid, known);
}

/** RT Structure Set, Segmentation and Label Map Segmentation Storage. */
const REGIONS = [RT_STRUCTURE_SET_STORAGE, '1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.66.7'];

interface ImageHeader extends Pick<DicomImages, 'studyUid' | 'seriesUid' | 'modality' | 'patient'> {
  readonly kind: 'image';
  readonly sopInstanceUid: string;
}

type Header = { kind: 'structures'; structures: DicomStructures } | ImageHeader;

async function readHeader(
  path: string,
  onDamaged: (damaged: DamagedFile) => void,
): Promise<Header | 'damaged' | null> {
  const bytes = await readFile(path);
  try {
    if (looksLikeXml(bytes)) return isAim(bytes) ? regionsOf(path, bytes) : null;
    const { dataSet } = openDicom(bytes);
    if (REGIONS.includes(readString(dataSet, TAGS.sopClass) ?? '')) return regionsOf(path, bytes);
    return imageOf(dataSet);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    if (error.code === 'NotDicom') return null;
    onDamaged({ path, error });
    return 'damaged';
  }
}

/** Null for an object without pixels, such as a report. */
function imageOf(dataSet: DataSet): ImageHeader | null {
  const seriesUid = readString(dataSet, TAGS.series);
  if (seriesUid === undefined || !hasAttribute(dataSet, TAGS.rows)) return null;
  const id = readString(dataSet, TAGS.patientId);
  return {
    kind: 'image',
    studyUid: readString(dataSet, TAGS.study) ?? '',
    seriesUid,
    modality: readString(dataSet, TAGS.modality) ?? '',
    patient: id === undefined ? null : { id, issuer: readString(dataSet, TAGS.issuer) ?? '' },
    sopInstanceUid: readString(dataSet, TAGS.sopInstance) ?? '',
  };
}

function regionsOf(file: string, bytes: Uint8Array): Header {
  const { format, studyUid, seriesUids, names } = describeRegions(bytes);
  return { kind: 'structures', structures: { file, format, studyUid, seriesUids, roiNames: names } };
}

/** Any XML may lie in a folder; the name of AIM's outermost element comes early. */
function isAim(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 2048)).includes('ImageAnnotationCollection');
}
