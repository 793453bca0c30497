import { canonicalJson } from '../contracts/canonical-json.ts';
import type { Entity, RecordOf } from '../contracts/records.ts';
import { createUnlessThere } from '../pipeline/create-unless-there.ts';
import { requireRecord } from '../pipeline/require-record.ts';
import type { NewRecord, Ports } from '../ports/index.ts';

/** Creates a record or brings the one of that id to the given content; equal content writes nothing. */
export async function putRecord<E extends Entity>(
  records: Ports['records'],
  record: NewRecord<E> & { entity: E; project: string; id: string },
): Promise<RecordOf<E>> {
  const { entity, project, id } = record;
  if (await createUnlessThere(records, record)) {
    return requireRecord(records, entity, project, id);
  }
  return records.update(entity, project, id, (current) => {
    const next = { ...current, ...record } as RecordOf<E>;
    return canonicalJson(next) === canonicalJson(current) ? null : next;
  });
}
