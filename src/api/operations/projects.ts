import { PipelineError } from '../../contracts/errors.ts';
import type { SessionHint } from '../../contracts/events.ts';
import { UPLOAD_ARCHIVE_ID } from '../../contracts/identifiers.ts';
import type { Entity, RecordOf } from '../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../contracts/schema-version.ts';
import { everyRecord } from '../../pipeline/every-record.ts';
import { inParallel } from '../../pipeline/in-parallel.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import type { Page, Ports } from '../../ports/index.ts';
import type { ApiPorts, Caller, Handlers } from '../call.ts';
import type { ListRequest } from '../list-records.ts';
import { requireUpload } from '../require-upload.ts';

const CONCURRENCY = 8;

export const projectOperations: Handlers<
  'getMe' | 'listProjects' | 'createProject' | 'getProject' | 'getOverview' | 'syncProject'
> = {
  getMe: async ({ caller }) => ({ user: caller.user, admin: caller.admin }),
  listProjects: ({ caller, request }, { records }) => listProjects(caller, request, records),
  createProject: ({ request }, { records }) => createProject(request, records),
  getProject: ({ path }, { records }) => requireRecord(records, 'project', path.project, path.project),
  getOverview: ({ path }, { records }) => overview(path.project, records),
  syncProject: ({ path, request }, ports) => syncProject(path.project, request.session, ports),
};

/** A page may hold fewer projects than asked for, because others on it are not the caller's; `next` tells the rest. */
async function listProjects(
  caller: Caller,
  { limit, cursor }: ListRequest,
  records: Ports['records'],
): Promise<Page<RecordOf<'project'>>> {
  const page = await records.listProjects({
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (caller.admin) {
    return page;
  }
  const mine = await inParallel(page.items, CONCURRENCY, ({ id }) => records.get('member', id, caller.user));
  return { items: page.items.filter((_, index) => mine[index]), next: page.next };
}

async function createProject(
  request: { project: string; archiveId: string | null; description: string; owner: string },
  records: Ports['records'],
): Promise<RecordOf<'project'>> {
  const { project, archiveId, description, owner } = request;
  const created = await records.create({
    entity: 'project',
    project,
    id: project,
    state: 'active',
    archiveId,
    description,
  });
  await records.create({ entity: 'member', project, id: owner, state: 'active', role: 'owner', grants: [] });
  return created;
}

async function overview(project: string, records: Ports['records']) {
  const byState = async (entity: Entity) => {
    const counts: Record<string, number> = {};
    for (const { state } of await everyRecord(records, entity, project)) {
      counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  };
  const total = (counts: Record<string, number>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    project,
    cases: await byState('case'),
    runs: await byState('run'),
    datasets: total(await byState('dataset')),
    modelVersions: total(await byState('model-version')),
  };
}

/** Hints every session of the archive that has contours, or the one asked for; the pipeline finds out what is new. */
async function syncProject(
  project: string,
  session: string | undefined,
  ports: ApiPorts,
): Promise<{ hinted: number }> {
  const { archiveId } = await requireRecord(ports.records, 'project', project, project);
  const uploaded = session
    ? await ports.records.get('session', project, `${UPLOAD_ARCHIVE_ID}:${session}`)
    : null;
  if (session && uploaded) {
    const manifests = await uploadsStillThere(uploaded, ports);
    return hint(
      manifests.map((manifest) => ({ archiveId: UPLOAD_ARCHIVE_ID, project, session, manifest })),
      ports,
    );
  }
  if (!archiveId) {
    throw new PipelineError(
      'Conflict',
      `project ${project} follows no archive, so there is nothing to look at; upload sessions, or name an uploaded one`,
      { project },
    );
  }
  const sessions = session ? [session] : await sessionsWithContours(archiveId, project, ports);
  return hint(
    sessions.map((id) => ({ archiveId, project, session: id, manifest: null })),
    ports,
  );
}

/** @throws NotFound when every upload of the session has expired */
async function uploadsStillThere(
  { uploads }: RecordOf<'session'>,
  { objects }: Pick<Ports, 'objects'>,
): Promise<string[]> {
  const keys = uploads.map(({ manifestKey }) => manifestKey);
  const found = await inParallel(keys, CONCURRENCY, (key) => objects.stat(key));
  const there = keys.filter((_, index) => found[index]);
  const [first] = keys;
  if (there.length === 0 && first) await requireUpload(first, objects);
  return there;
}

async function sessionsWithContours(
  archiveId: string,
  project: string,
  { archives }: Pick<Ports, 'archives'>,
): Promise<string[]> {
  const archive = await archives.open(archiveId);
  try {
    const collections = await archive.listRoiCollections(project);
    return [...new Set(collections.map(({ session }) => session))].sort();
  } finally {
    await archive.close();
  }
}

async function hint(
  targets: readonly { archiveId: string; project: string; session: string; manifest: string | null }[],
  { hints, ids }: Pick<Ports, 'hints' | 'ids'>,
): Promise<{ hinted: number }> {
  await inParallel(targets, CONCURRENCY, ({ archiveId, project, session, manifest }) => {
    const message: SessionHint = {
      schemaVersion: SCHEMA_VERSION,
      kind: 'session-hint',
      deliveryId: ids.next('sync'),
      cause: 'retry',
      archiveId,
      project,
      session,
      uploadManifestKey: manifest,
    };
    return hints.send(message);
  });
  return { hinted: targets.length };
}
