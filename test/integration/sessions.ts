import { randomUUID } from 'node:crypto';
import { s3Client } from '../../local/machine/aws-clients.ts';
import { type Defect, withDefect } from '../../local/phantoms/defects.ts';
import {
  generatePhantom,
  type Phantom,
  phantomAim,
  phantomRtstruct,
} from '../../local/phantoms/generate-phantom.ts';
import { listAll } from '../../src/cli/list-options.ts';
import { sendUpload } from '../../src/cli/send-upload.ts';
import type { CaseRecord } from '../../src/contracts/records.ts';
import { eventually } from './eventually.ts';
import { explainSession } from './explain-session.ts';
import type { TestProject } from './project.ts';

/** Seed of every phantom here: its subject 3 has more voxels than the Batch threshold, the others to 7 have fewer. */
export const SEED = 11;
export const LARGE_SUBJECT = 3;

export function phantom(subject: number, defect?: Defect): Phantom {
  const sound = generatePhantom({ seed: SEED, subject });
  return defect === undefined ? sound : withDefect(sound, defect);
}

const imagesOf = ({ scans }: Phantom) => scans.flatMap(({ files }) => files);

/** Archives the phantom's scans in the XNAT and answers the session's accession number. */
export function archive(project: TestProject, patient: Phantom): Promise<string> {
  const { subject, session } = patient;
  return project.xnat.importSession({ project: project.id, subject, session, files: imagesOf(patient) });
}

/** Saves the phantom's contours as the viewer does. */
export function saveContours(
  project: TestProject,
  session: string,
  patient: Phantom,
  { type = 'RTSTRUCT', overwrite = false }: { type?: 'AIM' | 'RTSTRUCT'; overwrite?: boolean } = {},
): Promise<string> {
  const content = type === 'AIM' ? phantomAim(patient) : phantomRtstruct(patient);
  const label = `contours_${session}`;
  return project.xnat.saveRoiCollection({ project: project.id, session, label, type, content, overwrite });
}

/** Sends the phantom by plain S3 upload. */
export async function upload(
  project: TestProject,
  patient: Phantom,
  uploadId: string = randomUUID(),
): Promise<string> {
  const { deployment } = project.machine;
  const inMemory = (bytes: Uint8Array) => () => Promise.resolve(bytes);
  return sendUpload(s3Client(project.machine), deployment?.dataBucket ?? '', {
    project: project.id,
    uploadId,
    subject: patient.subject,
    session: patient.session,
    images: imagesOf(patient).map(({ bytes }) => inMemory(bytes)),
    structures: [inMemory(phantomRtstruct(patient))],
  });
}

/** All cases of the project, superseded ones included. */
export function casesOf({ id, member }: TestProject): Promise<CaseRecord[]> {
  return listAll({ limit: '1000' }, (query) => member.call('listCases', { project: id }, query));
}

/** Waits until the session has a case in this state, and answers with it. */
export function awaitCase(
  project: TestProject,
  session: string,
  state: CaseRecord['state'],
  timeoutMs?: number,
): Promise<CaseRecord> {
  const isIt = (one: CaseRecord): boolean => one.session === session && one.state === state;
  return eventually(
    `a case of session ${session} that is ${state}`,
    async () => (await casesOf(project)).find(isIt),
    timeoutMs,
    () => explainSession(project, session),
  );
}

/** Waits until the project has a case in this state for each session. */
export async function awaitCases(
  project: TestProject,
  sessions: readonly string[],
  state: CaseRecord['state'],
): Promise<CaseRecord[]> {
  const found: CaseRecord[] = [];
  for (const session of sessions) found.push(await awaitCase(project, session, state, 240_000));
  return found;
}
