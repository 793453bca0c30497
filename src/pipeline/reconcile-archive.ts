import { canonicalJson } from '../contracts/canonical-json.ts';
import { SCHEMA_VERSION, sessionRecordId } from '../contracts/identifiers.ts';
import type { RecordOf, SessionRecord } from '../contracts/records.ts';
import type { Ports } from '../ports/index.ts';

type ReconcilePorts = Pick<Ports, 'records' | 'archives' | 'hints' | 'hasher'>;

export interface ReconcileReport {
  readonly projects: number;
  readonly sessions: number;
  readonly hinted: number;
}

const PAGE = 100;
const FINGERPRINT_CHARACTERS = 32;

/**
 * Looks into the archives for contours whose event was lost: a session whose list of ROI collections is not the one
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

/** Per session a digest of its ROI collections, ids and times. */
async function readFingerprints(
  project: string,
  archiveId: string,
  { archives, hasher }: ReconcilePorts,
): Promise<Map<string, string>> {
  const archive = await archives.open(archiveId);
  try {
    const collections = new Map<string, string[][]>();
    for (const { session, assessorId, savedAt } of await archive.listRoiCollections(project)) {
      collections.set(session, [...(collections.get(session) ?? []), [assessorId, savedAt]]);
    }
    const digest = (list: string[][]): string =>
      hasher.sha256(canonicalJson(list.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))));
    return new Map([...collections].map(([session, list]) => [session, digest(list)]));
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
