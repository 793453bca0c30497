import type { RecordOf, RunRecord } from '../contracts/records.ts';
import type { TrainingParameters } from '../contracts/training.ts';
import { requireRecord } from '../pipeline/require-record.ts';
import type { Ports } from '../ports/index.ts';
import { type Estimate, estimateTraining } from '../training/estimate.ts';
import { requireTrainable } from '../training/launch-rules.ts';
import { resolveParameters } from '../training/parameters.ts';

export interface LaunchRequest {
  readonly trainingConfigId: string;
  readonly datasetId: string;
  readonly modelVersionId: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface LaunchPlan {
  readonly config: RecordOf<'training-config'>;
  readonly parameters: TrainingParameters;
  readonly estimate: Estimate;
}

/**
 * Everything that can be said about a launch before it happens: an estimate and a launch go through the same
 * checks. Without `mode` (an estimate) only what holds for every mode is checked.
 */
export async function planLaunch(
  { records, trainingHosts }: Pick<Ports, 'records' | 'trainingHosts'>,
  project: string,
  request: LaunchRequest,
  mode: RunRecord['mode'] = 'initial',
): Promise<LaunchPlan> {
  const config = await requireRecord(records, 'training-config', project, request.trainingConfigId);
  const dataset = await requireRecord(records, 'dataset', project, request.datasetId);
  const model = await requireRecord(records, 'model-version', project, request.modelVersionId);
  const parameters = resolveParameters(config, request.parameters);
  requireTrainable(mode, dataset, model);
  const estimate = estimateTraining({
    network: model.network,
    patchSize: model.preprocessing.patchSize,
    parameters,
    trainingItems: itemsIn(dataset, 'training'),
    validationItems: itemsIn(dataset, 'validation'),
    hosts: trainingHosts,
  });
  return { config, parameters, estimate };
}

/** Cases of a partition, as if every subject had equally many. */
function itemsIn({ items, subjects }: RecordOf<'dataset'>, partition: 'training' | 'validation'): number {
  const all = subjects.training.length + subjects.validation.length + subjects.test.length;
  return Math.ceil((items * subjects[partition].length) / Math.max(1, all));
}
