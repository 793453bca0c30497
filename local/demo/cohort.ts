import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type DicomFolder, type DicomStructures, scanDicomFolder } from '../../src/cli/scan-dicom-folder.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import {
  generatePhantom,
  PHANTOM_LABEL_MAP,
  phantomAim,
  phantomRtstruct,
} from '../phantoms/generate-phantom.ts';
import type { DemoOptions } from './options.ts';

/** One session to come: a study with contours on one of its series. */
export interface CohortSession {
  readonly subject: string;
  readonly session: string;
  load(): Promise<LoadedSession>;
}

export interface LoadedSession {
  readonly images: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly rtstruct: Uint8Array;
  /** The same contours as the viewer saves them; null for contours that came as RTSTRUCT only. */
  readonly aim: string | null;
}

export interface Cohort {
  /** `region2MaskValueMap.txt` */
  readonly labelMap: string;
  readonly sessions: readonly CohortSession[];
  readonly description: string;
}

export function chooseCohort(options: DemoOptions): Promise<Cohort> | Cohort {
  return options.from === null ? phantomCohort(options) : folderCohort(options.from, options.labelMap);
}

export function phantomCohort({ seed, subjects }: Pick<DemoOptions, 'seed' | 'subjects'>): Cohort {
  const sessions = Array.from({ length: subjects }, (_, at) => {
    const number = String(at + 1).padStart(3, '0');
    return {
      subject: `PHANTOM_${number}`,
      session: `PHANTOM_${number}_CT1`,
      load: async () => {
        const phantom = generatePhantom({ seed, subject: at + 1 });
        const images = phantom.scans.flatMap(({ files }) => files);
        return { images, rtstruct: phantomRtstruct(phantom), aim: phantomAim(phantom) };
      },
    };
  });
  return {
    labelMap: PHANTOM_LABEL_MAP,
    sessions,
    description: `${subjects} phantom patients (seed ${seed})`,
  };
}

/** Each structure set whose series is in the folder is one session. Subjects are numbered, never named. */
async function folderCohort(folder: string, labelMapFile: string | null): Promise<Cohort> {
  const found = await scanDicomFolder(folder);
  // What the stand-in is given is a viewer's save of contours.
  const sets = found.structures.filter(({ format }) => format === 'RTSTRUCT');
  const contoured = sets.flatMap((structures) => {
    const files = imagesOf(found, structures);
    return files.length > 0 ? [{ structures, files }] : [];
  });
  if (contoured.length === 0) {
    throw new PipelineError(
      'NoContours',
      `${folder} holds ${found.series.length} image series and ${sets.length} structure set(s), but ` +
        'none of these refers to a series that is there; put each RTSTRUCT file beside the series it was drawn on',
    );
  }
  const studies = [...new Set(contoured.map(({ structures }) => structures.studyUid))];
  const sessions = contoured.map(({ structures, files }, at) => {
    const subject = `SUBJECT_${String(studies.indexOf(structures.studyUid) + 1).padStart(3, '0')}`;
    return {
      subject,
      session: `${subject}_${at + 1}`,
      load: async () => ({
        images: await Promise.all(
          files.map(async (path) => ({ name: basename(path), bytes: await readFile(path) })),
        ),
        rtstruct: await readFile(structures.file),
        aim: null,
      }),
    };
  });
  const labelMap =
    labelMapFile === null
      ? labelMapOf(contoured.map(({ structures }) => structures))
      : await readFile(labelMapFile, 'utf8');
  return { labelMap, sessions, description: `${sessions.length} session(s) from ${basename(folder)}` };
}

function imagesOf({ series }: DicomFolder, { seriesUids }: DicomStructures): string[] {
  return series.filter(({ seriesUid }) => seriesUids.includes(seriesUid)).flatMap(({ files }) => files);
}

/** Every ROI name that occurs, in order of how often: 10, 20, 30, ... as XNAT ML numbers its examples. */
function labelMapOf(structures: readonly DicomStructures[]): string {
  const counts = new Map<string, { name: string; count: number }>();
  for (const name of structures.flatMap(({ roiNames }) => roiNames)) {
    const folded = name.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
    const known = counts.get(folded) ?? { name: name.trim().replace(/\s+/g, ' '), count: 0 };
    counts.set(folded, { ...known, count: known.count + 1 });
  }
  const ordered = [...counts.values()].sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  return ordered.map(({ name }, at) => `${name}=${10 * (at + 1)}\n`).join('');
}
