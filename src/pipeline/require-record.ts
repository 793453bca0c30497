import { PipelineError } from '../contracts/errors.ts';
import type { Entity, RecordOf } from '../contracts/records.ts';
import type { Ports } from '../ports/index.ts';

/** @throws NotFound naming the kind and the id. */
export async function requireRecord<E extends Entity>(
  records: Ports['records'],
  entity: E,
  project: string,
  id: string,
): Promise<RecordOf<E>> {
  const found = await records.get(entity, project, id);
  if (!found) {
    throw new PipelineError(
      'NotFound',
      `there is no ${entity} ${id} in project ${project}; list them to see what is there`,
      {
        entity,
        id,
      },
    );
  }
  return found;
}
