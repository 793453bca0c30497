import {
  acceptedDelivery,
  leasedSession,
  raisedSession,
  releasedSession,
} from '../../src/adapters/aws/dynamo/session-rules.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import { sessionRecordId } from '../../src/contracts/identifiers.ts';
import { type AnyRecord, type Entity, RECORDS, type RecordOf } from '../../src/contracts/records.ts';
import { SCHEMA_VERSION } from '../../src/contracts/schema-version.ts';
import type { Clock, Page, RecordStore } from '../../src/ports/index.ts';

const DEFAULT_LIMIT = 50;

export interface MemoryRecordStore extends RecordStore {
  /** Every record there is, for assertions. */
  all<E extends Entity>(entity: E): RecordOf<E>[];
  /** Puts a record there as it is, without the rules. */
  seed(record: AnyRecord): void;
}

/** The record store in memory; passes the same contract suite as the DynamoDB one. */
export function createMemoryRecordStore(clock: Clock): MemoryRecordStore {
  const records = new Map<string, AnyRecord>();
  const edges = new Set<string>();
  const keyOf = (entity: string, project: string, id: string): string =>
    JSON.stringify([entity, project, id]);
  const now = (): string => clock.now().toISOString();

  function read<E extends Entity>(entity: E, project: string, id: string): RecordOf<E> | null {
    const found = records.get(keyOf(entity, project, id));
    return found ? (structuredClone(found) as RecordOf<E>) : null;
  }
  function put(record: AnyRecord): void {
    const checked = RECORDS[record.entity].parse(record) as AnyRecord;
    records.set(keyOf(record.entity, record.project, record.id), structuredClone(checked));
  }
  function change<E extends Entity>(
    entity: E,
    project: string,
    id: string,
    apply: (current: RecordOf<E>) => RecordOf<E> | null,
  ): RecordOf<E> {
    const current = read(entity, project, id);
    if (!current) throw new PipelineError('NotFound', `there is no ${entity} "${id}" in project ${project}`);
    const changed = apply(structuredClone(current));
    if (changed === null) return current;
    const { createdAt, revision } = current;
    const next = { ...changed, entity, project, id, createdAt, revision: revision + 1, updatedAt: now() };
    put(next as AnyRecord);
    return next as RecordOf<E>;
  }

  const store: MemoryRecordStore = {
    all: (entity) =>
      [...records.values()]
        .filter((record) => record.entity === entity)
        .map((record) => structuredClone(record)) as never,
    seed: put,
    get: async (entity, project, id) => read(entity, project, id),
    async create(fresh) {
      const { entity, project, id } = fresh;
      if (read(entity, project, id)) {
        throw new PipelineError('Conflict', `there is already a ${entity} "${id}"`);
      }
      const time = now();
      put({
        ...fresh,
        schemaVersion: SCHEMA_VERSION,
        revision: 1,
        createdAt: time,
        updatedAt: time,
      } as never);
      return read(entity, project, id) as never;
    },
    update: async (entity, project, id, apply) => change(entity, project, id, apply),
    list: async (entity, project, options) =>
      page(
        store.all(entity).filter((record) => record.project === project),
        options,
      ),
    listProjects: async (options) => page(store.all('project'), options),
    async link(project, from, to) {
      edges.add(JSON.stringify([project, from.entity, from.id, to.entity, to.id]));
    },
    async linked(project, from, entity) {
      const prefix = JSON.stringify([project, from.entity, from.id, entity]).slice(0, -1);
      const found = [...edges].filter((edge) => edge.startsWith(`${prefix},`));
      return found.map((edge) => String((JSON.parse(edge) as string[])[4])).sort();
    },
    async delete(entity, project, id) {
      records.delete(keyOf(entity, project, id));
    },
    async raiseGeneration(hint) {
      const id = sessionRecordId(hint.archiveId, hint.session);
      const current = read('session', hint.project, id);
      if (current && read('delivery', hint.project, hint.deliveryId)) {
        return { session: current, seenBefore: true };
      }
      const raised = raisedSession(current, hint, now());
      put(acceptedDelivery(hint, now()));
      put({ ...raised, revision: raised.revision + 1, updatedAt: now() });
      return { session: read('session', hint.project, id) as RecordOf<'session'>, seenBefore: false };
    },
    async leaseSession({ project, sessionRecordId: id, ...lease }) {
      let leased = false;
      change('session', project, id, (current) => {
        const next = leasedSession(current, lease);
        leased = next !== null;
        return next;
      });
      return leased;
    },
    async releaseSession({ project, sessionRecordId: id, ...release }) {
      let released = false;
      const session = change('session', project, id, (current) => {
        const next = releasedSession(current, release);
        released = next !== null;
        return next;
      });
      return { released, session };
    },
  };
  return store;
}

/** Ordered by state, creation time and id, as index 1 is. */
function page<T extends { state: string; createdAt: string; id: string }>(
  records: T[],
  options: { state?: string; limit?: number; cursor?: string; newestFirst?: boolean } = {},
): Page<T> {
  const { state, limit = DEFAULT_LIMIT, cursor, newestFirst } = options;
  const sortKey = (record: T): string => `${record.state}#${record.createdAt}#${record.id}`;
  const ordered = records
    .filter((record) => state === undefined || record.state === state)
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  if (newestFirst) ordered.reverse();
  const start = cursor === undefined ? 0 : ordered.findIndex((record) => sortKey(record) === cursor) + 1;
  if (cursor !== undefined && start === 0) {
    throw new PipelineError('InvalidRequest', 'the cursor does not belong to this list');
  }
  const items = ordered.slice(start, start + limit);
  const last = items.at(-1);
  return { items, next: last && start + limit < ordered.length ? sortKey(last) : null };
}
