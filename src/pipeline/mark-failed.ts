import { isErrorCode } from '../contracts/errors.ts';
import type { RecordOf } from '../contracts/records.ts';
import type { Problem } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import { describeFailure } from '../training/run-failure.ts';

/** Records that stand for one execution of save-dataset or release-model. */
export type Tracked = 'dataset-save' | 'promotion' | 'export';

/** What an execution's end says, as a problem of the record that stands for it. */
export function executionProblem(stage: string, error: string | null, cause: string | null): Problem {
  const code = error !== null && isErrorCode(error) ? error : 'InternalError';
  return { code, message: describeFailure(error, cause), stage };
}

/** Marks a record whose execution ended without finishing it; one that is finished stays as it is. */
export async function markFailed(
  entity: Tracked,
  project: string,
  id: string,
  problem: Problem,
  records: Ports['records'],
): Promise<boolean> {
  if (!(await records.get(entity, project, id))) return false;
  const fail = <R extends RecordOf<Tracked>>(current: R): R | null =>
    current.state === 'running' ? { ...current, state: 'failed', problem } : null;
  switch (entity) {
    case 'dataset-save':
      return (await records.update(entity, project, id, fail)).state === 'failed';
    case 'promotion':
      return (await records.update(entity, project, id, fail)).state === 'failed';
    case 'export':
      return (await records.update(entity, project, id, fail)).state === 'failed';
  }
}
