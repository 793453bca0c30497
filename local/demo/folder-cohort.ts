import { readFile } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { type DicomFolder, scanDicomFolder } from '../../src/cli/scan-dicom-folder.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { Cohort, CohortSession } from './cohort.ts';
import { numberSubjects } from './number-subjects.ts';
import { labelMapOfNames } from './region-names.ts';
import { requireUsable, type UsableSet } from './usable-sets.ts';

/** One subject each for training, validation and test. */
export const MIN_SUBJECTS = 3;

/**
 * Each structure set whose images are in the folder is one session; what cannot be used is named and left out.
 *
 * @throws NotFound, NoContours, and InvalidSplit when too few subjects remain to train and test on
 */
export async function folderCohort(folder: string, labelMapFile: string | null): Promise<Cohort> {
  const problems: string[] = [];
  const tell = (path: string, { code, message }: PipelineError): void => {
    problems.push(`${relative(folder, path)}: ${code}: ${message}`);
  };
  const found = await scanDicomFolder(folder, ({ path, error }) => tell(path, error));
  const sets = await usableSets(found, tell);
  if (sets.length === 0) throw noContours(folder, found, problems);
  const subjects = numberSubjects(sets.flatMap(({ series }) => series.slice(0, 1)));
  const count = new Set(subjects).size;
  if (count < MIN_SUBJECTS) throw tooFew(folder, sets.length, count, problems);
  const regions = labelMapOfNames(sets.map(({ structures }) => structures.roiNames));
  const labelMap = labelMapFile === null ? regions.labelMap : await readFile(labelMapFile, 'utf8');
  return {
    labelMap,
    sessions: sets.map((set, at) => sessionOf(set, `SUBJECT_${pad(subjects[at])}`, at + 1)),
    description: `${sets.length} session(s) of ${count} subject(s) from ${basename(folder)}`,
    notices: [
      ...problems.map((problem) => `left out: ${problem}`),
      ...(labelMapFile === null ? regions.notices : []),
      ...withoutPatientId(sets),
    ],
  };
}

async function usableSets(
  found: DicomFolder,
  tell: (path: string, error: PipelineError) => void,
): Promise<UsableSet[]> {
  const usable: UsableSet[] = [];
  for (const structures of found.structures) {
    try {
      usable.push(await requireUsable(found, structures));
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      tell(structures.file, error);
    }
  }
  return usable;
}

function noContours(folder: string, { series }: DicomFolder, problems: readonly string[]): PipelineError {
  return new PipelineError(
    'NoContours',
    `${folder} holds ${series.length} image series, but no structure set whose images are all there; ` +
      'put each RTSTRUCT file beside the series it was drawn on',
    { problems },
  );
}

function tooFew(
  folder: string,
  sessions: number,
  subjects: number,
  problems: readonly string[],
): PipelineError {
  return new PipelineError(
    'InvalidSplit',
    `${folder} holds ${sessions} usable session(s) of ${subjects} subject(s); at least ${MIN_SUBJECTS} subjects are ` +
      'needed, one each to train, to validate and to test on: add studies of other patients, told apart by ' +
      'PatientID (0010,0020)',
    { problems },
  );
}

function withoutPatientId(sets: readonly UsableSet[]): string[] {
  const unnamed = sets.filter(({ series }) => series[0]?.patient === null);
  const studies = new Set(unnamed.map(({ series }) => series[0]?.studyUid));
  if (studies.size === 0) return [];
  return [
    `${studies.size} studies have no PatientID (0010,0020); each is taken as a subject of its own, so give their ` +
      'files an id when two of them are of one patient',
  ];
}

function sessionOf({ structures, series }: UsableSet, subject: string, number: number): CohortSession {
  const files = series.flatMap((one) => one.files);
  return {
    subject,
    session: `${subject}_${number}`,
    load: async () => ({
      // Files of two series may share a name.
      images: await Promise.all(
        files.map(async (path, at) => ({ name: `${at}-${basename(path)}`, bytes: await readFile(path) })),
      ),
      rtstruct: await readFile(structures.file),
      aim: null,
    }),
  };
}

function pad(number: number | undefined): string {
  return String(number).padStart(3, '0');
}
