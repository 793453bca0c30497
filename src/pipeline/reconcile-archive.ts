import { canonicalJson } from '../contracts/canonical-json.ts';
import { sessionRecordId } from '../contracts/identifiers.ts';
import type { RecordOf, SessionRecord } from '../contracts/records.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { Ports } from '../ports/index.ts';
import { inParallel } from './in-parallel.ts';

type ReconcilePorts = Pick<Ports, 'records' | 'archives' | 'hints' | 'hasher'>;

export interface ReconcileReport {
  readonly projects: number;
  readonly sessions: number;
  readonly hinted: number;
}

/** Each is two or three requests; the sweep must not load the hospital's server. */
const COLLECTIONS_AT_ONCE = 4;
const PAGE = 100;
const FINGERPRINT_CHARACTERS = 32;

/**
 * Looks into the archives for contours whose event was lost: a session whose ROI collections, or their files, are not those
 * seen last time gets a hint. Cases tell by content whether there is anything to do, so a hint too many is harmless.
 *
 * @throws the first archive's error, after every other project was looked at
 */
export async function reconcileArchive(ports: ReconcilePorts): Promise<ReconcileReport> {
  const report = { projects: 0, sessions: 0, hinted: 0 };
  const failures: unknown[] = [];
  for await (const project of followingProjects(ports)) {
    report.projects += 1;
    try {
      const { sessions, hinted } = await reconcileProject(project.id, project.archiveId, ports);
      report.sessions += sessions;
      report.hinted += hinted;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return report;
}

async function* followingProjects({
  records,
}: ReconcilePorts): AsyncGenerator<RecordOf<'project'> & { archiveId: string }> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Ports['records']['listProjects']>> = await records.listProjects({
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const project of page.items) {
      const { archiveId, state } = project;
      if (archiveId !== null && state === 'active') yield { ...project, archiveId };
    }
    cursor = page.next;
  } while (cursor !== null);
}

async function reconcileProject(
  project: string,
  archiveId: string,
  ports: ReconcilePorts,
): Promise<{ sessions: number; hinted: number }> {
  const fingerprints = await readFingerprints(project, archiveId, ports);
  let hinted = 0;
  for (const [session, fingerprint] of fingerprints) {
    const record = await ports.records.get('session', project, sessionRecordId(archiveId, session));
    if (record?.fingerprint === fingerprint) continue;
    await sendHint({ project, archiveId, session }, fingerprint, record, ports);
    hinted += 1;
    // After the hint: a crash in between costs a second hint, the other order would lose one.
    if (record) await rememberFingerprint(record, fingerprint, ports);
  }
  return { sessions: fingerprints.size, hinted };
}

/**
 * Per session a digest of its ROI collections: ids, times and files. The time is the first save's: it tells neither of an
 * overwritten collection nor of the RTSTRUCT that XNAT derives after the AIM was saved; the files do.
 */
async function readFingerprints(
  project: string,
  archiveId: string,
  { archives, hasher }: ReconcilePorts,
): Promise<Map<string, string>> {
  const archive = await archives.open(archiveId);
  try {
    const collections = await archive.listRoiCollections(project);
    const seen = await inParallel(
      collections,
      COLLECTIONS_AT_ONCE,
      async ({ session, assessorId, savedAt }) => {
        const files = await archive.listRoiFiles(session, assessorId);
        const held = files.map(({ resourceLabel, name, size, digest }) =>
          canonicalJson([resourceLabel, name, size, digest]),
        );
        return { session, text: canonicalJson([assessorId, savedAt, held.sort()]) };
      },
    );
    const texts = new Map<string, string[]>();
    for (const { session, text } of seen) texts.set(session, [...(texts.get(session) ?? []), text]);
    const digest = (list: string[]): string => hasher.sha256(canonicalJson(list.sort()));
    return new Map([...texts].map(([session, list]) => [session, digest(list)]));
  } finally {
    await archive.close();
  }
}

/** The generation is part of the id, because a session can come back to a list it had before. */
async function sendHint(
  at: { project: string; archiveId: string; session: string },
  fingerprint: string,
  record: SessionRecord | null,
  { hints }: ReconcilePorts,
): Promise<void> {
  const seen = `g${record?.generation ?? 0}:${fingerprint.slice(0, FINGERPRINT_CHARACTERS)}`;
  await hints.send({
    schemaVersion: SCHEMA_VERSION,
    kind: 'session-hint',
    deliveryId: `poll:${at.archiveId}:${at.session}:${seen}`,
    cause: 'poll',
    ...at,
    uploadManifestKey: null,
  });
}

async function rememberFingerprint(
  { project, id }: SessionRecord,
  fingerprint: string,
  { records }: ReconcilePorts,
): Promise<void> {
  await records.update('session', project, id, (current) => ({ ...current, fingerprint }));
}
