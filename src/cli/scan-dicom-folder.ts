import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../contracts/errors.ts';
import { RT_STRUCTURE_SET_STORAGE } from '../imaging/contour/parse-rtstruct.ts';
import { hasAttribute, openDicom, readString } from '../imaging/dicom/data-set.ts';
import { describeRegions, looksLikeXml } from '../pipeline/read-regions.ts';

export interface DicomImages {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly modality: string;
  readonly files: readonly string[];
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

const TAGS = {
  sopClass: { name: 'SOPClassUID', tag: 'x00080016' },
  modality: { name: 'Modality', tag: 'x00080060' },
  study: { name: 'StudyInstanceUID', tag: 'x0020000d' },
  series: { name: 'SeriesInstanceUID', tag: 'x0020000e' },
  rows: { name: 'Rows', tag: 'x00280010' },
} as const;

/** Reads every file below a folder and groups the images by series. */
export async function scanDicomFolder(folder: string): Promise<DicomFolder> {
  const paths = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const series = new Map<string, DicomImages & { files: string[] }>();
  const structures: DicomStructures[] = [];
  const ignored: string[] = [];
  for (const path of paths) {
    const found = await readHeader(path);
    if (found === null) ignored.push(path);
    else if (found.kind === 'structures') structures.push(found.structures);
    else {
      const { studyUid, seriesUid, modality } = found;
      const known = series.get(seriesUid) ?? { studyUid, seriesUid, modality, files: [] };
      known.files.push(path);
      series.set(seriesUid, known);
    }
  }
  return { series: [...series.values()], structures, ignored };
}

/** RT Structure Set, Segmentation and Label Map Segmentation Storage. */
const REGIONS = [RT_STRUCTURE_SET_STORAGE, '1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.66.7'];

type Header =
  | { kind: 'structures'; structures: DicomStructures }
  | { kind: 'image'; studyUid: string; seriesUid: string; modality: string };

async function readHeader(path: string): Promise<Header | null> {
  const bytes = await readFile(path);
  try {
    if (looksLikeXml(bytes)) return isAim(bytes) ? regionsOf(path, bytes) : null;
    const { dataSet } = openDicom(bytes);
    const studyUid = readString(dataSet, TAGS.study) ?? '';
    if (REGIONS.includes(readString(dataSet, TAGS.sopClass) ?? '')) return regionsOf(path, bytes);
    const seriesUid = readString(dataSet, TAGS.series);
    if (seriesUid === undefined || !hasAttribute(dataSet, TAGS.rows)) return null;
    return { kind: 'image', studyUid, seriesUid, modality: readString(dataSet, TAGS.modality) ?? '' };
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'NotDicom') return null;
    throw error;
  }
}

function regionsOf(file: string, bytes: Uint8Array): Header {
  const { format, studyUid, seriesUids, names } = describeRegions(bytes);
  return { kind: 'structures', structures: { file, format, studyUid, seriesUids, roiNames: names } };
}

/** Any XML may lie in a folder; the name of AIM's outermost element comes early. */
function isAim(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 2048)).includes('ImageAnnotationCollection');
}
