import type { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { RecordOf } from '../contracts/records.ts';
import type { PromoteModelOutput, ReleaseModelInput } from '../contracts/stages/release-model.ts';
import { TrainingSpec } from '../contracts/training.ts';
import type { Ports } from '../ports/index.ts';
import { modelVersionId, promotedVersion } from '../training/promotion.ts';
import { createUnlessThere } from './create-unless-there.ts';
import { nextModelVersion } from './next-model-version.ts';
import { requireRecord } from './require-record.ts';
import { readJson } from './stored-json.ts';
import { testLooksOfLineage } from './test-looks.ts';

type Promotion = NonNullable<ReleaseModelInput['promotion']>;
type Needs = Pick<Ports, 'records' | 'objects'>;

/**
 * Makes a checkpoint the next version of a model: its weights are copied to the version's own place, with the
 * full lineage beside them. The version number is taken once and kept in the promotion, so that a repeat after a
 * crash ends with the same version.
 */
export async function promoteModel(
  { project, promotion }: ReleaseModelInput,
  ports: Needs,
): Promise<z.input<typeof PromoteModelOutput>> {
  if (!promotion) {
    throw new PipelineError('InvalidRequest', 'nothing to promote: the input has no promotion');
  }
  const { records } = ports;
  const checkpoint = await requireRecord(records, 'checkpoint', project, promotion.checkpointId);
  const version = await takeVersion(records, project, promotion);
  const id = modelVersionId(promotion.modelId, version);
  await createUnlessThere(records, await describeVersion(project, promotion, version, checkpoint, ports));
  await records.link(project, { entity: 'run', id: promotion.runId }, { entity: 'model-version', id });
  await records.update('checkpoint', project, checkpoint.id, (current) => ({
    ...current,
    state: 'promoted',
  }));
  await records.update('promotion', project, promotion.promotionId, (current) => ({
    ...current,
    state: 'succeeded',
    modelVersionId: id,
    problem: null,
  }));
  return { modelVersionId: id };
}

async function takeVersion(
  records: Ports['records'],
  project: string,
  { promotionId, modelId }: Promotion,
): Promise<number> {
  const promotion = await requireRecord(records, 'promotion', project, promotionId);
  if (promotion.modelVersionId) {
    return Number(promotion.modelVersionId.split('.v').at(-1));
  }
  const version = await nextModelVersion(records, project, modelId);
  await records.update('promotion', project, promotionId, (current) => ({
    ...current,
    modelVersionId: modelVersionId(modelId, version),
  }));
  return version;
}

async function describeVersion(
  project: string,
  promotion: Promotion,
  version: number,
  checkpoint: RecordOf<'checkpoint'>,
  { records, objects }: Needs,
) {
  const run = await requireRecord(records, 'run', project, promotion.runId);
  const dataset = await requireRecord(records, 'dataset', project, run.datasetId);
  const parent = await requireRecord(records, 'model-version', project, run.modelVersionId);
  const ancestor = run.mode === 'fine-tune' ? parent : null;
  return promotedVersion({
    modelId: promotion.modelId,
    version,
    run,
    checkpoint,
    spec: await readJson(objects, TrainingSpec, { key: objectKeys.trainingSpec(project, run.id) }),
    dataset,
    parent,
    result: await records.get('run-result', project, run.id),
    testLooks: await testLooksOfLineage(records, project, dataset, ancestor),
    weights: await copyWeights(
      objects,
      project,
      modelVersionId(promotion.modelId, version),
      checkpoint.weights,
    ),
  });
}

async function copyWeights(
  objects: Ports['objects'],
  project: string,
  id: string,
  weights: ObjectRef,
): Promise<ObjectRef> {
  const bytes = await objects.read(weights);
  return objects.writeOnce(`${objectKeys.modelPrefix(project, id)}model.pt`, bytes);
}
