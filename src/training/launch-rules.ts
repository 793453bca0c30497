import { PARTITIONS } from '../contracts/dataset.ts';
import { PipelineError } from '../contracts/errors.ts';
import type { RecordOf, RunRecord } from '../contracts/records.ts';
import { sharedRegions } from '../models/model-classes.ts';

type Dataset = Pick<RecordOf<'dataset'>, 'id' | 'state' | 'classes' | 'subjects'>;
type ModelVersion = Pick<RecordOf<'model-version'>, 'id' | 'classes' | 'lineage'>;

/**
 * Whether a dataset may train (from) a model version: asked before a launch and again when the run is planned.
 *
 * @throws Conflict for a tombstoned dataset; InvalidSplit when a partition is empty; InvalidModel when fine-tuning
 *   would carry over no region; TestSubjectLeak when an ancestor learned from a current test subject.
 */
export function requireTrainable(mode: RunRecord['mode'], dataset: Dataset, model: ModelVersion): void {
  requireUsable(dataset);
  if (mode === 'fine-tune') {
    requireSharedRegion(dataset, model);
    requireUnseenTestSubjects(dataset, model);
  }
}

function requireUsable(dataset: Dataset): void {
  if (dataset.state !== 'frozen') {
    throw new PipelineError(
      'Conflict',
      `dataset ${dataset.id} is ${dataset.state}: it held a withdrawn subject; save a new dataset from its definition`,
    );
  }
  const empty = PARTITIONS.filter((partition) => dataset.subjects[partition].length === 0);
  if (empty.length > 0) {
    throw new PipelineError(
      'InvalidSplit',
      `dataset ${dataset.id} has no subject for ${empty.join(' and ')}; save it again with a fraction above 0 for each partition`,
      { datasetId: dataset.id, empty },
    );
  }
}

function requireSharedRegion(dataset: Dataset, model: ModelVersion): void {
  if (sharedRegions(dataset.classes, model.classes).length > 0) {
    return;
  }
  const names = (classes: Dataset['classes']) => classes.map(({ name }) => name).join(', ');
  throw new PipelineError(
    'InvalidModel',
    `model version ${model.id} knows ${names(model.classes)}, the dataset has ${names(dataset.classes)}: ` +
      'no region in common to fine-tune; launch an initial training, or make the region names agree',
    { modelVersionId: model.id, datasetId: dataset.id },
  );
}

function requireUnseenTestSubjects(dataset: Dataset, model: ModelVersion): void {
  const seen = new Set(model.lineage.trainingSubjects);
  const leaked = dataset.subjects.test.filter((subject) => seen.has(subject));
  if (leaked.length > 0) {
    throw new PipelineError(
      'TestSubjectLeak',
      `${leaked.length} of ${dataset.subjects.test.length} test subjects (${leaked.slice(0, 5).join(', ')}) were learned from by ` +
        `${model.id} or an ancestor, so test results would mean nothing; use a dataset whose test subjects are new to the model`,
      { modelVersionId: model.id, datasetId: dataset.id, subjects: leaked },
    );
  }
}
