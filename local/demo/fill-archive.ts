import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { sendUpload } from '../../src/cli/send-upload.ts';
import { s3Client } from '../machine/aws-clients.ts';
import type { MachineFile } from '../machine/machine-file.ts';
import type { XnatAdmin } from '../xnat/admin-client.ts';
import type { Cohort, CohortSession, LoadedSession } from './cohort.ts';
import type { Live } from './progress.ts';

/** How the contours of the cohort came in. */
export interface Filled {
  readonly aim: number;
  readonly rtstruct: number;
  readonly uploads: number;
}

/** A session in the XNAT, waiting for its contours. */
export interface ImportedSession {
  readonly id: string;
  readonly loaded: LoadedSession;
}

/**
 * Loads all sessions but the last into the XNAT; the last of a larger cohort goes the other way, by S3.
 *
 * @returns the imported sessions in the cohort's order.
 */
export async function importSessions(
  xnat: XnatAdmin,
  project: string,
  { sessions }: Cohort,
  live: Live,
): Promise<ImportedSession[]> {
  const forArchive = sessions.slice(0, sessions.length - uploadCount(sessions));
  const imported: ImportedSession[] = [];
  for (const { subject, session, load } of forArchive) {
    const loaded = await load();
    const id = await xnat.importSession({ project, subject, session, files: loaded.images });
    imported.push({ id, loaded });
    live.bar('sessions', imported.length, forArchive.length);
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
): Promise<Filled> {
  let aim = 0;
  for (const [at, { id, loaded }] of imported.entries()) {
    const asAim = at % 2 === 0 ? loaded.aim : null;
    await xnat.saveRoiCollection({
      project,
      session: id,
      label: `contours_${at + 1}`,
      type: asAim === null ? 'RTSTRUCT' : 'AIM',
      content: asAim ?? loaded.rtstruct,
    });
    if (asAim !== null) aim += 1;
  }
  const uploads = sessions.slice(sessions.length - uploadCount(sessions));
  const bucket = machine.deployment?.dataBucket ?? '';
  for (const session of uploads) await uploadSession(s3Client(machine), bucket, project, session);
  return { aim, rtstruct: imported.length - aim, uploads: uploads.length };
}

/** A single session is better off in the XNAT, where its results can be seen. */
function uploadCount(sessions: readonly CohortSession[]): number {
  return sessions.length > 1 ? 1 : 0;
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
