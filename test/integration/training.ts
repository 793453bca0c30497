import { AUTOMATION_ID } from '../../local/demo/set-up-project.ts';
import type { ResponseOf } from '../../src/contracts/api.ts';
import type { RecordOf } from '../../src/contracts/records.ts';
import type { TestProject } from './project.ts';

export const DEFINITION_ID = 'all-organs';
export const CONFIG_ID = 'short';
export const SPLIT = { seed: 1, training: 0.5, validation: 0.25, test: 0.25 };
/** Images and masks at the model's spacing, as XNAT ML's criteria name them. */
const CRITERIA = {
  Images: { tag: 'image', ResourceLabel: `${AUTOMATION_ID}-image`, ResourceContent: 'IMAGE' },
  Labels: { tag: 'label', ResourceLabel: `${AUTOMATION_ID}-mask`, ResourceContent: 'MASK' },
};

/** Defines the dataset of all cases and answers with its validation. */
export async function defineDataset({ owner, id }: TestProject): Promise<ResponseOf<'validateDefinition'>> {
  const path = { project: id, definitionId: DEFINITION_ID };
  await owner.call('putDefinition', path, { description: '', criteria: CRITERIA });
  return owner.call('validateDefinition', path);
}

/** Launches a run and answers with its id; it validates half-way and at its end, unless told otherwise. */
export async function launch(
  { owner, id }: TestProject,
  { id: datasetId }: RecordOf<'dataset'>,
  modelVersionId: string,
  mode: 'initial' | 'fine-tune',
  maxEpochs: number,
  validationInterval = Math.ceil(maxEpochs / 2),
): Promise<string> {
  const config = { runtime: ['maxEpochs', 'validationInterval', 'seed'] };
  await owner.call('putTrainingConfig', { project: id, trainingConfigId: CONFIG_ID }, config);
  const parameters = { maxEpochs, validationInterval, seed: 1 };
  const request = { mode, trainingConfigId: CONFIG_ID, datasetId, modelVersionId, parameters };
  return (await owner.call('launchRun', { project: id }, request)).id;
}
