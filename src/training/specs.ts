import type { z } from 'zod';
import type { RegionClass } from '../contracts/dataset.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { RecordOf } from '../contracts/records.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { EvaluationSpec, ExportSpec, Preprocessing, TrainingSpec } from '../contracts/training.ts';
import { sharedRegions } from '../models/model-classes.ts';

type Run = RecordOf<'run'>;
type Dataset = RecordOf<'dataset'>;
type ModelVersion = RecordOf<'model-version'>;

/** Everything `trainer train` needs. Equal records give equal text, so that it can be written once. */
export function trainingSpec(run: Run, dataset: Dataset, model: ModelVersion): TrainingSpec {
  const fineTune = run.mode === 'fine-tune';
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'train',
    engine: 'monai',
    project: run.project,
    runId: run.id,
    datasetId: dataset.id,
    manifest: dataset.manifest,
    imageTag: 'image',
    labelTag: 'label',
    classes: dataset.classes,
    network: model.network,
    preprocessing: preprocessingOf(run.mode, dataset, model),
    parameters: run.parameters,
    initialWeights: fineTune
      ? { modelVersionId: model.id, weights: model.weights, classes: model.classes }
      : null,
    outputPrefix: objectKeys.runPrefix(run.project, run.id),
  };
}

/**
 * Weights expect the spacing that they learned at; a training from scratch takes the spacing that the cases
 * were prepared at.
 */
function preprocessingOf(mode: Run['mode'], dataset: Dataset, model: ModelVersion): Preprocessing {
  return mode === 'fine-tune'
    ? model.preprocessing
    : { ...model.preprocessing, spacingMm: dataset.spacingMm };
}

/** A model to look at on the test partition. */
export interface Candidate {
  readonly candidateId: string;
  readonly weights: ObjectRef;
  readonly classes: RegionClass[];
}

/** The one look at the test partition: the trained checkpoint, and beside it the model that a fine-tuning began with. */
export function evaluationSpec(spec: TrainingSpec, best: Omit<Candidate, 'classes'>): EvaluationSpec {
  const { schemaVersion, project, runId, datasetId, manifest, imageTag, labelTag } = spec;
  const candidates: Candidate[] = [{ ...best, classes: spec.classes }];
  const start = spec.initialWeights;
  if (start && sharedRegions(start.classes, spec.classes).length > 0) {
    candidates.push({ candidateId: start.modelVersionId, weights: start.weights, classes: start.classes });
  }
  return {
    schemaVersion,
    kind: 'evaluate',
    project,
    runId,
    datasetId,
    manifest,
    imageTag,
    labelTag,
    classes: spec.classes,
    network: spec.network,
    preprocessing: spec.preprocessing,
    candidates,
    outputKey: objectKeys.evaluationResult(project, runId),
  };
}

/** Everything `trainer export` needs. */
export function exportSpec(
  exportId: string,
  model: ModelVersion,
  modelCard: z.input<typeof ExportSpec>['modelCard'],
): ExportSpecOf {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'export',
    project: model.project,
    modelVersionId: model.id,
    weights: model.weights,
    classes: model.classes,
    network: model.network,
    preprocessing: model.preprocessing,
    modelCard,
    outputPrefix: objectKeys.exportPrefix(model.project, exportId),
  };
}
type ExportSpecOf = z.output<typeof ExportSpec>;
