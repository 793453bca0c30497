import type { RecordStore } from '../../../ports/index.ts';
import { edgeKey, listPartition } from './keys.ts';
import { raiseGeneration } from './raise-generation.ts';
import { type DynamoRecordStoreOptions, recordTable } from './record-table.ts';
import { createRecord, updateRecord } from './record-writes.ts';
import { leasedSession, releasedSession } from './session-rules.ts';

/** Records in the single DynamoDB table; `docs/developer-guide/data-model.md` maps each list to its query. */
export function createDynamoRecordStore(options: DynamoRecordStoreOptions): RecordStore {
  const table = recordTable(options);
  return {
    get: table.get,
    create: (record) => createRecord(table, record),
    update: (entity, project, id, change) => updateRecord(table, entity, project, id, change),
    list: (entity, project, query) => table.page(entity, listPartition(project, entity), query),
    listProjects: (query) => table.page('project', listPartition('', 'project'), query),
    link: (project, from, to) => table.put({ ...edgeKey(project, from, to) }),
    linked: (project, from, entity) => table.linkedIds(project, from, entity),
    delete: (entity, project, id) => table.remove(entity, project, id),
    raiseGeneration: (hint) => raiseGeneration(table, hint),
    leaseSession: async ({ project, sessionRecordId, ...lease }) => {
      let leased = false;
      await updateRecord(table, 'session', project, sessionRecordId, (current) => {
        const next = leasedSession(current, lease);
        leased = next !== null;
        return next;
      });
      return leased;
    },
    releaseSession: async ({ project, sessionRecordId, ...release }) => {
      let released = false;
      const session = await updateRecord(table, 'session', project, sessionRecordId, (current) => {
        const next = releasedSession(current, release);
        released = next !== null;
        return next;
      });
      return { released, session };
    },
  };
}
