import type { Entity, RecordOf } from '../contracts/records.ts';
import type { Ports } from '../ports/index.ts';

const PAGE = 200;

/** All records of a kind, page by page; only for lists that a person could read or a stage must see whole. */
export async function everyRecord<E extends Entity>(
  records: Ports['records'],
  entity: E,
  project: string,
  state?: string,
): Promise<RecordOf<E>[]> {
  const found: RecordOf<E>[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: RecordOf<E>[]; next: string | null } = await records.list(entity, project, {
      limit: PAGE,
      ...(state === undefined ? {} : { state }),
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}
