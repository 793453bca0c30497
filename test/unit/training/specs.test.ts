import { describe, expect, it } from '@jest/globals';
import { EvaluationSpec, ExportSpec, TrainingSpec } from '../../../src/contracts/training.ts';
import { modelCard } from '../../../src/training/model-card.ts';
import { evaluationSpec, exportSpec, trainingSpec } from '../../../src/training/specs.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import {
  addDataset,
  addModelVersion,
  addRun,
  CLASSES,
  DATASET_ID,
  PROJECT,
  projectPorts,
} from './workflow-fixture.ts';

async function records() {
  const ports = await projectPorts();
  return { run: await addRun(ports), dataset: await addDataset(ports), model: await addModelVersion(ports) };
}
const blob = (text: string) => ({
  key: `projects/${PROJECT}/blobs/sha256/${sha256Hex(text)}`,
  sha256: sha256Hex(text),
  sizeBytes: text.length,
});

describe('trainingSpec', () => {
  it('is, for an initial training, exactly what the trainer needs', async () => {
    const { run, dataset, model } = await records();
    const spec = trainingSpec(run, dataset, model);
    expect(spec).toEqual({
      schemaVersion: 1,
      kind: 'train',
      engine: 'monai',
      project: PROJECT,
      runId: 'run-1',
      datasetId: DATASET_ID,
      manifest: blob('{"items":[]}'),
      imageTag: 'image',
      labelTag: 'label',
      classes: CLASSES,
      network: {
        name: 'UNet',
        channels: [8, 16, 32],
        strides: [2, 2],
        numResUnits: 1,
        norm: 'instance',
        dropout: 0,
      },
      preprocessing: {
        spacingMm: [2, 2, 2],
        intensity: { lower: -160, upper: 240 },
        patchSize: [32, 32, 32],
      },
      parameters: run.parameters,
      initialWeights: null,
      outputPrefix: `projects/${PROJECT}/runs/run-1/`,
    });
    expect(TrainingSpec.parse(spec)).toEqual(spec);
  });

  it('starts a fine-tuning from the weights of the version, at the spacing that they know', async () => {
    const { run, dataset, model } = await records();
    const spec = trainingSpec({ ...run, mode: 'fine-tune' }, dataset, model);
    expect(spec.initialWeights).toEqual({
      modelVersionId: 'starter.v1',
      weights: blob('starter weights'),
      classes: CLASSES,
    });
    expect(spec.preprocessing.spacingMm).toEqual([3, 3, 3]);
  });
});

describe('evaluationSpec', () => {
  const best = { candidateId: 'run-1.best', weights: blob('best') };

  it('looks at the checkpoint alone after an initial training', async () => {
    const { run, dataset, model } = await records();
    const spec = evaluationSpec(trainingSpec(run, dataset, model), best);
    expect(EvaluationSpec.parse(spec).candidates).toEqual([{ ...best, classes: CLASSES }]);
    expect(spec.outputKey).toBe(`projects/${PROJECT}/runs/run-1/evaluation/result.json`);
  });

  it('compares with the starting model after a fine-tuning, unless they share no region', async () => {
    const { run, dataset, model } = await records();
    const tuned = trainingSpec({ ...run, mode: 'fine-tune' }, dataset, model);
    expect(evaluationSpec(tuned, best).candidates.map(({ candidateId }) => candidateId)).toEqual([
      'run-1.best',
      'starter.v1',
    ]);
    const other = { ...model, classes: [{ index: 1, maskValue: 1, name: 'Pancreas' }] };
    expect(
      evaluationSpec(trainingSpec({ ...run, mode: 'fine-tune' }, dataset, other), best).candidates,
    ).toHaveLength(1);
  });
});

describe('exportSpec and modelCard', () => {
  it('gives counts and never subject ids, because an export leaves the hospital', async () => {
    const { run, dataset, model } = await records();
    const trained = {
      ...model,
      lineage: { ...model.lineage, runId: run.id, datasetId: dataset.id, trainingSubjects: ['S1', 'S2'] },
    };
    const card = modelCard(trained, { model: null, run, dataset });
    expect(card).toMatchObject({
      description: 'Segments Liver, Spleen',
      trainingData: { cases: 5, trainingSubjects: 3, validationSubjects: 1, testSubjects: 1 },
      training: { mode: 'initial' },
      lineage: { subjectsLearnedFrom: 2, run: 'run-1' },
    });
    expect(JSON.stringify(card)).not.toMatch(/"S\d"/);
    expect(ExportSpec.parse(exportSpec('export-1', trained, card)).outputPrefix).toBe(
      `projects/${PROJECT}/exports/export-1/`,
    );
  });

  it('says that nothing is known of the data of an imported model', async () => {
    const { model } = await records();
    const titled = {
      entity: 'model',
      project: PROJECT,
      id: 'starter',
      state: 'active',
      title: 'Organs',
      latestVersion: 1,
    } as const;
    const base = { schemaVersion: 1, revision: 1, createdAt: '', updatedAt: '' } as const;
    const card = modelCard(model, { model: { ...titled, ...base }, run: null, dataset: null });
    expect(card.description).toBe('Organs');
    expect(card.trainingData).toContain('imported');
  });
});
