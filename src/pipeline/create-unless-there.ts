import { PipelineError } from '../contracts/errors.ts';
import type { Entity } from '../contracts/records.ts';
import type { NewRecord, Ports } from '../ports/index.ts';

/** Creates a record; one that is there already (an earlier attempt made it) is success. @returns whether it was made now. */
export async function createUnlessThere<E extends Entity>(
  records: Ports['records'],
  record: NewRecord<E> & { entity: E },
): Promise<boolean> {
  try {
    await records.create(record);
    return true;
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'Conflict') {
      return false;
    }
    throw error;
  }
}
