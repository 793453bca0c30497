import { exportModel, promote, saveDataset } from '../../src/cli/wait-for.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { RecordOf } from '../../src/contracts/records.ts';
import type { People } from './people.ts';
import type { Progress } from './progress.ts';
import { AUTOMATION_ID, MODEL_ID } from './set-up-project.ts';
import { type TrainedRun, trainAndWatch } from './train.ts';

const DEFINITION_ID = 'all-organs';
const CONFIG_ID = 'standard';
/** Images and masks at the model's spacing, as XNAT ML's criteria name them. */
const CRITERIA = {
  Images: {
    tag: 'image',
    ResourceFormat: 'NIFTI',
    ResourceLabel: `${AUTOMATION_ID}-image`,
    ResourceContent: 'IMAGE',
  },
  Labels: {
    tag: 'label',
    ResourceFormat: 'NIFTI',
    ResourceLabel: `${AUTOMATION_ID}-mask`,
    ResourceContent: 'MASK',
  },
};
const SPLIT = { training: 0.6, validation: 0.2, test: 0.2 };

/** What the steps from cases to an exported model need; the same on this machine and in an AWS account. */
export interface Workflow {
  readonly people: Pick<People, 'owner'>;
  readonly project: string;
  readonly progress: Progress;
  readonly seed: number;
  /** What each launch sets; the rest is as the training config has it. */
  readonly parameters: Readonly<Record<'initial' | 'fine-tune', Readonly<Record<string, number>>>>;
}

export function freezeDataset({ seed, people, project, progress }: Workflow): Promise<RecordOf<'dataset'>> {
  return progress.step('Define, validate and save a dataset', async (live) => {
    const path = { project, definitionId: DEFINITION_ID };
    await people.owner.call('putDefinition', path, { description: 'Every organ', criteria: CRITERIA });
    const report = await people.owner.call('validateDefinition', path);
    live.line(`${report.complete} of ${report.sessions} sessions complete`);
    const datasetId = await saveDataset(people.owner, project, DEFINITION_ID, {
      ...SPLIT,
      seed,
    });
    const value = await people.owner.call('getDataset', { project, datasetId });
    const split = Object.entries(value.subjects).map(
      ([partition, subjects]) => `${subjects.length} ${partition}`,
    );
    return { value, result: `dataset ${value.id.slice(0, 8)}: ${split.join(', ')}` };
  });
}

export async function train(
  { seed, parameters, people, project, progress }: Workflow,
  dataset: RecordOf<'dataset'>,
  modelVersionId: string,
  mode: 'initial' | 'fine-tune',
): Promise<TrainedRun> {
  const title = mode === 'initial' ? 'Initial training' : 'Fine-tune the promoted model';
  return progress.step(title, async (live) => {
    const runtime = ['maxEpochs', 'seed', 'learningRate'];
    await people.owner.call('putTrainingConfig', { project, trainingConfigId: CONFIG_ID }, { runtime });
    const request = {
      mode,
      trainingConfigId: CONFIG_ID,
      datasetId: dataset.id,
      modelVersionId,
      parameters: { seed, ...parameters[mode] },
    };
    const value = await trainAndWatch(people.owner, project, request, live);
    const { bestValidationDice, cpuSeconds } = value.result.training;
    const result = `best validation Dice ${bestValidationDice.toFixed(3)}, ${cpuSeconds.toFixed(0)} CPU s`;
    return { value, result };
  });
}

export function promoteBest({ people, project, progress }: Workflow, run: TrainedRun): Promise<string> {
  return progress.step('Promote the best checkpoint', async () => {
    const { runId, bestCheckpoint } = run;
    const value = await promote(people.owner, project, {
      runId,
      checkpointId: bestCheckpoint,
      modelId: MODEL_ID,
    });
    return { value, result: `model version ${value}` };
  });
}

/** Exports a model version and answers with a link to its bundle. */
export function exportBundle({ people, project, progress }: Workflow, version: string): Promise<string> {
  return progress.step('Export the model', async () => {
    const detail = await exportModel(people.owner, project, version);
    if (detail.url === null) throw new PipelineError('ExportFailed', 'the export has no link to download it');
    const parity = detail.export.parityMaxDifference;
    return { value: detail.url, result: `MONAI bundle, largest difference from the source ${parity ?? '-'}` };
  });
}
