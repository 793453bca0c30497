import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { PipelineError } from '../contracts/errors.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { CollectResultsOutput, TrainModelInput } from '../contracts/stages/train-model.ts';
import { type CheckpointFile, TrainingResult, TrainingSpec } from '../contracts/training.ts';
import type { Ports } from '../ports/index.ts';
import { evaluationSpec } from '../training/specs.ts';
import { createUnlessThere } from './create-unless-there.ts';
import { readJson } from './stored-json.ts';
import { countTestLook } from './test-looks.ts';

type Checkpoint = z.infer<typeof CheckpointFile>;

/**
 * Takes what the trainer left: checkpoint records, the run's result, and the spec of the one look at the test
 * partition, which is counted in each dataset that shares a test subject. Safe to repeat after a crash anywhere.
 *
 * @throws TrainingFailed when the trainer ended without a result.
 */
export async function collectResults(
  { project, runId }: TrainModelInput,
  { records, objects }: Pick<Ports, 'records' | 'objects'>,
): Promise<z.input<typeof CollectResultsOutput>> {
  const spec = await readJson(objects, TrainingSpec, { key: objectKeys.trainingSpec(project, runId) });
  const result = await readResult(objects, project, runId);
  for (const checkpoint of result.checkpoints) {
    await registerCheckpoint(records, project, runId, checkpoint);
  }
  const best = bestCheckpoint(result);
  const evaluation = evaluationSpec(spec, { candidateId: recordId(runId, best), weights: best.weights });
  await objects.writeOnce(
    objectKeys.evaluationSpec(project, runId),
    new TextEncoder().encode(canonicalJson(evaluation)),
    'application/json',
  );
  await countTestLook(records, project, spec.datasetId, runId);
  await createUnlessThere(records, {
    entity: 'run-result',
    project,
    id: runId,
    state: 'trained',
    training: result,
    evaluation: null,
  });
  return { checkpoints: result.checkpoints.length, bestValidationDice: result.bestValidationDice };
}

async function readResult(
  objects: Ports['objects'],
  project: string,
  runId: string,
): Promise<TrainingResult> {
  const key = objectKeys.trainingResult(project, runId);
  if (!(await objects.stat(key))) {
    throw new PipelineError(
      'TrainingFailed',
      `the training of run ${runId} ended without a result; the last lines of its log say why (contourflow runs logs ${runId})`,
      { runId },
    );
  }
  return readJson(objects, TrainingResult, { key });
}

/** The trainer names checkpoints within a run (`best`); records need names within a project. */
function recordId(runId: string, { checkpointId }: Checkpoint): string {
  return `${runId}.${checkpointId}`;
}

async function registerCheckpoint(
  records: Ports['records'],
  project: string,
  runId: string,
  checkpoint: Checkpoint,
): Promise<void> {
  const id = recordId(runId, checkpoint);
  await createUnlessThere(records, {
    entity: 'checkpoint',
    project,
    id,
    state: 'available',
    runId,
    role: checkpoint.role,
    epoch: checkpoint.epoch,
    validationDice: checkpoint.validationDice,
    weights: checkpoint.weights,
  });
  await records.link(project, { entity: 'run', id: runId }, { entity: 'checkpoint', id });
}

function bestCheckpoint({ runId, checkpoints }: TrainingResult): Checkpoint {
  const best = checkpoints.find(({ role }) => role === 'best');
  if (!best) {
    throw new PipelineError(
      'TrainingFailed',
      `run ${runId} has no best checkpoint: it was never validated; set validationInterval to at most maxEpochs`,
      { runId },
    );
  }
  return best;
}
