import type { RunRecord } from '../contracts/records.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { Ports } from '../ports/index.ts';
import { isFinished } from '../training/run-state.ts';

/** Error name of an execution that ended because the machine it ran on was stopped, and not because anybody asked. */
export const MACHINE_STOPPED = 'MachineStopped';
const MAX_RESUMES = 3;
const REASON = 'The machine was stopped; the run goes on from its last checkpoint.';

/**
 * Goes on with a run whose execution ended with the machine: a new execution under the next name, whose training job
 * finds the checkpoints of the one before.
 *
 * @returns false when the run is not to go on: it was stopped, has finished, or was resumed too often
 */
export async function resumeRun(
  run: RunRecord,
  endedArn: string,
  { records, workflows }: Pick<Ports, 'records' | 'workflows'>,
): Promise<boolean> {
  if (isFinished(run.state) || run.stopRequested) return false;
  const resumes = Number(/-r([0-9]+)$/.exec(endedArn)?.[1] ?? 0);
  if (resumes >= MAX_RESUMES) return false;
  const input = { schemaVersion: SCHEMA_VERSION, project: run.project, runId: run.id };
  const { executionArn } = await workflows.start('train-model', `${run.id}-r${resumes + 1}`, input);
  await records.update('run', run.project, run.id, (current) =>
    isFinished(current.state) ? null : { ...current, executionArn, state: 'waiting', reason: REASON },
  );
  return true;
}
