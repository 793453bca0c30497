import type { Entity, RecordOf } from '../contracts/records.ts';
import type { Page, Ports } from '../ports/index.ts';

const DEFAULT_LIMIT = 50;

export interface ListRequest {
  readonly state?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** One page of a list, newest first. */
export function listRecords<E extends Entity>(
  records: Ports['records'],
  entity: E,
  project: string,
  { state, limit, cursor }: ListRequest,
): Promise<Page<RecordOf<E>>> {
  return records.list(entity, project, {
    limit: limit ?? DEFAULT_LIMIT,
    newestFirst: true,
    ...(state === undefined ? {} : { state }),
    ...(cursor === undefined ? {} : { cursor }),
  });
}
