import { PipelineError } from '../../../contracts/errors.ts';
import { type Entity, RECORDS, type RecordOf } from '../../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../../contracts/schema-version.ts';
import { TABLE } from '../../../contracts/table.ts';
import type { NewRecord } from '../../../ports/index.ts';
import { retryAfterConflict } from './conflicts.ts';
import { listKey, recordKey } from './keys.ts';
import type { RecordTable } from './record-table.ts';

export async function createRecord<E extends Entity>(
  table: RecordTable,
  fresh: NewRecord<E> & { entity: E },
): Promise<RecordOf<E>> {
  const now = table.now();
  const record = { ...fresh, schemaVersion: SCHEMA_VERSION, revision: 1, createdAt: now, updatedAt: now };
  const checked = RECORDS[fresh.entity].parse(record) as RecordOf<E>;
  try {
    await table.put(toItem(checked), { ConditionExpression: `attribute_not_exists(${TABLE.partitionKey})` });
    return checked;
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
    const { entity, id } = checked;
    throw new PipelineError(
      'Conflict',
      `there is already a ${entity} "${id}"; choose another id or change that one`,
    );
  }
}

export async function updateRecord<E extends Entity>(
  table: RecordTable,
  entity: E,
  project: string,
  id: string,
  change: (current: RecordOf<E>) => RecordOf<E> | null,
): Promise<RecordOf<E>> {
  return retryAfterConflict(`${entity} "${id}"`, isLostRace, async () => {
    const current = await table.get(entity, project, id);
    if (!current) {
      throw new PipelineError(
        'NotFound',
        `there is no ${entity} "${id}" in project ${project}; check the id`,
      );
    }
    const changed = change(current);
    if (changed === null) return current;
    const next = RECORDS[entity].parse(nextRevision(current, changed, table.now())) as RecordOf<E>;
    await table.put(toItem(next), {
      ConditionExpression: 'revision = :revision',
      ExpressionAttributeValues: { ':revision': current.revision },
    });
    return next;
  });
}

/** Identity, creation time and revision are the store's business; a change cannot alter them. */
export function nextRevision<E extends Entity>(
  current: RecordOf<E>,
  changed: RecordOf<E>,
  now: string,
): RecordOf<E> {
  const { entity, project, id, createdAt, revision } = current;
  return { ...changed, entity, project, id, createdAt, revision: revision + 1, updatedAt: now };
}

/** A record with its keys, as it lies in the table. */
export function toItem<E extends Entity>(record: RecordOf<E>): Record<string, unknown> {
  return { ...record, ...recordKey(record.project, record.entity, record.id), ...listKey(record) };
}

function isConditionFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

/** Another write came first, or a transaction (a hint that raises the generation) holds the item at this moment. */
function isLostRace(error: unknown): boolean {
  return (
    isConditionFailure(error) || (error instanceof Error && error.name === 'TransactionConflictException')
  );
}
