import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { PipelineError } from '../contracts/errors.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { PlanRunOutput, TrainModelInput } from '../contracts/stages/train-model.ts';
import type { Ports } from '../ports/index.ts';
import { requireTrainable } from '../training/launch-rules.ts';
import { trainingSpec } from '../training/specs.ts';
import { requireRecord } from './require-record.ts';

/** What one training job asks of its host, as Batch wants it, and the queue it waits in. */
export interface TrainingHost {
  readonly jobQueueArn: string;
  readonly vcpus: string;
  readonly memoryMib: string;
  readonly gpus: number;
}

/**
 * Writes the training's spec from the records of run, dataset and model version. Repeating it writes the same
 * bytes, so a repeat is harmless.
 *
 * @throws NotFound, Conflict for a run that was stopped before it began, and the refusals of `requireTrainable`.
 */
export async function planRun(
  { project, runId }: TrainModelInput,
  { records, objects }: Pick<Ports, 'records' | 'objects'>,
  host: TrainingHost,
): Promise<z.input<typeof PlanRunOutput>> {
  const run = await requireRecord(records, 'run', project, runId);
  if (run.stopRequested) {
    throw new PipelineError('Conflict', `run ${runId} was stopped before it began; launch another`, {
      runId,
    });
  }
  const dataset = await requireRecord(records, 'dataset', project, run.datasetId);
  const model = await requireRecord(records, 'model-version', project, run.modelVersionId);
  requireTrainable(run.mode, dataset, model);
  const spec = canonicalJson(trainingSpec(run, dataset, model));
  const specKey = objectKeys.trainingSpec(project, runId);
  await objects.writeOnce(specKey, new TextEncoder().encode(spec), 'application/json');
  return {
    specKey,
    evaluationSpecKey: objectKeys.evaluationSpec(project, runId),
    jobQueue: host.jobQueueArn,
    timeoutSeconds: run.timeoutSeconds,
    vcpus: host.vcpus,
    memoryMib: host.memoryMib,
    gpus: host.gpus,
  };
}
