import type { ObjectRef } from '../contracts/identifiers.ts';
import type { RecordOf } from '../contracts/records.ts';
import type { TrainingSpec } from '../contracts/training.ts';
import type { NewRecord } from '../ports/index.ts';

/** What a promotion looks at. */
export interface PromotionSources {
  readonly modelId: string;
  readonly version: number;
  readonly spec: TrainingSpec;
  readonly run: RecordOf<'run'>;
  readonly dataset: RecordOf<'dataset'>;
  readonly parent: RecordOf<'model-version'>;
  readonly checkpoint: RecordOf<'checkpoint'>;
  readonly result: RecordOf<'run-result'> | null;
  /** Of the dataset and of the ancestors' datasets. */
  readonly testLooks: number;
  /** The checkpoint's weights, copied to the version's own place. */
  readonly weights: ObjectRef;
}

/**
 * The model version that a checkpoint becomes. Network, preprocessing and classes are those that the run trained
 * with; only a fine-tuned model has a parent, because training from scratch takes over nothing but numbers of a
 * configuration.
 */
export function promotedVersion(
  sources: PromotionSources,
): NewRecord<'model-version'> & { entity: 'model-version' } {
  const { modelId, version, spec, run, dataset, parent, checkpoint, weights } = sources;
  const isFineTuned = run.mode === 'fine-tune';
  return {
    entity: 'model-version',
    project: run.project,
    id: modelVersionId(modelId, version),
    state: 'promoted',
    modelId,
    version,
    network: spec.network,
    preprocessing: spec.preprocessing,
    classes: spec.classes,
    weights,
    labelMap: parent.labelMap,
    lineage: {
      importedFrom: isFineTuned ? parent.lineage.importedFrom : null,
      parent: isFineTuned ? parent.id : null,
      runId: run.id,
      checkpointId: checkpoint.id,
      datasetId: dataset.id,
      trainingSubjects: learnedSubjects(dataset, isFineTuned ? parent : null),
    },
    testDice: testDice(checkpoint.id, sources.result),
    testLooks: sources.testLooks,
  };
}

export function modelVersionId(modelId: string, version: number): string {
  return `${modelId}.v${version}`;
}

/** Training and validation subjects: the best checkpoint was chosen by the latter, so it learned from them too. */
function learnedSubjects(dataset: RecordOf<'dataset'>, parent: RecordOf<'model-version'> | null): string[] {
  const { training, validation } = dataset.subjects;
  return [...new Set([...training, ...validation, ...(parent?.lineage.trainingSubjects ?? [])])].sort();
}

/** Dice by region on the test partition; empty for a checkpoint that was never evaluated. */
function testDice(
  checkpointId: string,
  result: RecordOf<'run-result'> | null,
): Record<string, number | null> {
  const candidate = result?.evaluation?.candidates.find(({ candidateId }) => candidateId === checkpointId);
  return Object.fromEntries((candidate?.regions ?? []).map(({ name, meanDice }) => [name, meanDice]));
}
