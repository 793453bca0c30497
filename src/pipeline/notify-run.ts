import type { z } from 'zod';
import { RunFinishedEvent } from '../contracts/events.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { NotifyRunOutput, TrainModelInput } from '../contracts/stages/train-model.ts';
import { EvaluationResult } from '../contracts/training.ts';
import type { Ports } from '../ports/index.ts';
import { readJson } from './stored-json.ts';

export const RUN_FINISHED = 'RunFinished';

/** Adds the evaluation to the run's result and tells the event bus that the run is done. */
export async function notifyRun(
  { project, runId }: TrainModelInput,
  { records, objects, events }: Pick<Ports, 'records' | 'objects' | 'events'>,
): Promise<z.input<typeof NotifyRunOutput>> {
  const evaluation = await readJson(objects, EvaluationResult, {
    key: objectKeys.evaluationResult(project, runId),
  });
  const result = await records.update('run-result', project, runId, (current) => ({
    ...current,
    state: 'evaluated',
    evaluation,
  }));
  // The first candidate is the trained checkpoint; a starting model comes after it.
  const testMeanDice = evaluation.candidates[0]?.meanDice ?? null;
  const detail: z.infer<typeof RunFinishedEvent> = {
    schemaVersion: SCHEMA_VERSION,
    project,
    runId,
    bestValidationDice: result.training.bestValidationDice,
    testMeanDice,
  };
  await events.publish(RUN_FINISHED, RunFinishedEvent.parse(detail));
  return { testMeanDice };
}
