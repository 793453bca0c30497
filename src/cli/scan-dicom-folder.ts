import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../contracts/errors.ts';
import { parseRtstruct, RT_STRUCTURE_SET_STORAGE } from '../imaging/contour/parse-rtstruct.ts';
import { hasAttribute, openDicom, readString } from '../imaging/dicom/data-set.ts';

export interface DicomImages {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly modality: string;
  readonly files: readonly string[];
}

export interface DicomStructures {
  readonly file: string;
  readonly studyUid: string;
  readonly seriesUids: readonly string[];
  readonly roiNames: readonly string[];
}

/** What a folder holds, by header; files that are no DICOM images or structure sets are only counted. */
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

type Header =
  | { kind: 'structures'; structures: DicomStructures }
  | { kind: 'image'; studyUid: string; seriesUid: string; modality: string };

async function readHeader(path: string): Promise<Header | null> {
  const bytes = await readFile(path);
  try {
    const { dataSet } = openDicom(bytes);
    const studyUid = readString(dataSet, TAGS.study) ?? '';
    if (readString(dataSet, TAGS.sopClass) === RT_STRUCTURE_SET_STORAGE) {
      const set = parseRtstruct(bytes);
      const structures = {
        file: path,
        studyUid,
        seriesUids: set.referencedSeriesUids,
        roiNames: set.rois.map(({ name }) => name),
      };
      return { kind: 'structures', structures };
    }
    const seriesUid = readString(dataSet, TAGS.series);
    if (seriesUid === undefined || !hasAttribute(dataSet, TAGS.rows)) return null;
    return { kind: 'image', studyUid, seriesUid, modality: readString(dataSet, TAGS.modality) ?? '' };
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'NotDicom') return null;
    throw error;
  }
}
