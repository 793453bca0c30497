import { PipelineError } from '../../../contracts/errors.ts';
import { type Entity, RECORDS, type RecordOf } from '../../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../../contracts/schema-version.ts';

const KEY_ATTRIBUTES = new Set(['PK', 'SK', 'GSI1PK', 'GSI1SK', 'GSI2PK', 'GSI2SK']);

/**
 * A stored item as a record.
 *
 * @throws UnknownSchemaVersion when a newer release wrote it: it is refused, never guessed at
 * @throws InternalError when the item does not match its schema
 */
export function parseRecord<E extends Entity>(entity: E, item: Record<string, unknown>): RecordOf<E> {
  const version = item.schemaVersion;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new PipelineError(
      'UnknownSchemaVersion',
      `the ${entity} record has schema version ${version}, this release reads up to ${SCHEMA_VERSION}; update Contourflow`,
      { entity, version },
    );
  }
  const fields = Object.fromEntries(Object.entries(item).filter(([name]) => !KEY_ATTRIBUTES.has(name)));
  const parsed = RECORDS[entity].safeParse(fields);
  if (parsed.success) return parsed.data as RecordOf<E>;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || '(record)');
  throw new PipelineError(
    'InternalError',
    `a stored ${entity} record does not match its schema at ${[...new Set(paths)].join(', ')}; repair or delete it`,
    { entity, paths },
  );
}
