import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { sendUpload } from '../../src/cli/send-upload.ts';
import { s3Client } from '../machine/aws-clients.ts';
import type { MachineFile } from '../machine/machine-file.ts';
import type { XnatAdmin } from '../xnat/admin-client.ts';
import { HttpError } from '../xnat/http-error.ts';
import type { Cohort, CohortSession, LoadedSession } from './cohort.ts';
import type { Live } from './progress.ts';

/** How the contours of the cohort came in. */
export interface Filled {
  readonly aim: number;
  readonly rtstruct: number;
  readonly uploads: number;
}

/** A session in the XNAT, waiting for its contours; its images are not kept in memory. */
export interface ImportedSession extends Pick<LoadedSession, 'rtstruct' | 'aim'> {
  readonly id: string;
  readonly session: string;
}

/**
 * Loads the sessions into the XNAT, but for the one that goes by S3; one that the XNAT refuses is named and left out.
 *
 * @returns the imported sessions in the cohort's order.
 */
export async function importSessions(
  xnat: XnatAdmin,
  project: string,
  { sessions }: Cohort,
  live: Live,
): Promise<ImportedSession[]> {
  const uploaded = uploadOf(sessions);
  const forArchive = sessions.filter((one) => one !== uploaded);
  const imported: ImportedSession[] = [];
  for (const [at, { subject, session, load }] of forArchive.entries()) {
    const { images, rtstruct, aim } = await load();
    const id = await unlessRefused(live, session, () =>
      xnat.importSession({ project, subject, session, files: images }),
    );
    if (id !== null) imported.push({ id, session, rtstruct, aim });
    live.bar('sessions', at + 1, forArchive.length);
  }
  return imported;
}

/**
 * Saves the contours as the viewer does, every second session as AIM and the others as RTSTRUCT, and sends
 * the one session that is not in the XNAT by S3. From here on events do the rest.
 */
export async function saveContours(
  xnat: XnatAdmin,
  machine: MachineFile,
  project: string,
  imported: readonly ImportedSession[],
  { sessions }: Cohort,
  live: Live,
): Promise<Filled> {
  const saved = { aim: 0, rtstruct: 0 };
  for (const [at, { id, session, rtstruct, aim }] of imported.entries()) {
    const asAim = at % 2 === 0 ? aim : null;
    const type = asAim === null ? 'RTSTRUCT' : 'AIM';
    const content = asAim ?? rtstruct;
    const label = `contours_${at + 1}`;
    const collection = await unlessRefused(live, session, () =>
      xnat.saveRoiCollection({ project, session: id, label, type, content }),
    );
    if (collection !== null) saved[type === 'AIM' ? 'aim' : 'rtstruct'] += 1;
  }
  const upload = uploadOf(sessions);
  if (upload === undefined) return { ...saved, uploads: 0 };
  await uploadSession(s3Client(machine), machine.deployment?.dataBucket ?? '', project, upload);
  return { ...saved, uploads: 1 };
}

/** XNAT's answer to content that it does not take. */
const UNPROCESSABLE = 422;

/** What the XNAT answered, or null when it does not take this session; the others can still go on. */
async function unlessRefused(
  live: Live,
  session: string,
  call: () => Promise<string>,
): Promise<string | null> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== UNPROCESSABLE) throw error;
    live.line(`left out: ${session}: ArchiveRejected: ${error.message}`);
    return null;
  }
}

/**
 * The last session whose subject has no other, for the way without an XNAT: an upload names its subject itself, the
 * XNAT by a number of its own, so a subject on both ways would be two. A single session is better off in the XNAT,
 * where its results can be seen.
 */
export function uploadOf(sessions: readonly CohortSession[]): CohortSession | undefined {
  if (sessions.length < 2) return undefined;
  return sessions.findLast((one) => sessions.filter(({ subject }) => subject === one.subject).length === 1);
}

/** One session by plain S3 upload, as a site without an XNAT would send it. */
export async function uploadSession(
  s3: S3Client,
  bucket: string,
  project: string,
  { subject, session, load }: CohortSession,
): Promise<void> {
  const { images, rtstruct } = await load();
  const inMemory = (bytes: Uint8Array) => () => Promise.resolve(bytes);
  await sendUpload(s3, bucket, {
    project,
    uploadId: randomUUID(),
    subject,
    session,
    images: images.map(({ bytes }) => inMemory(bytes)),
    structures: [inMemory(rtstruct)],
  });
}
