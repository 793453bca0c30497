import { canonicalJson } from '../../../src/contracts/canonical-json.ts';
import type { ObjectRef } from '../../../src/contracts/identifiers.ts';
import { objectKeys } from '../../../src/contracts/object-keys.ts';
import type { CaseRecord, RecordOf } from '../../../src/contracts/records.ts';
import type { EvaluationResult, TrainingResult } from '../../../src/contracts/training.ts';
import type { NewRecord } from '../../../src/ports/index.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import { createMemoryPorts, type MemoryPorts } from '../../helpers/memory-ports.ts';

export const PROJECT = 'abdomen';
export const CLASSES = [
  { index: 1, maskValue: 10, name: 'Liver' },
  { index: 2, maskValue: 20, name: 'Spleen' },
];
export const CRITERIA = {
  Images: { tag: 'image', ResourceLabel: 'auto-image' },
  Labels: { tag: 'label', ResourceLabel: 'auto-mask' },
};
export const SPLIT = { seed: 7, training: 0.6, validation: 0.2, test: 0.2 };
const SPACING: [number, number, number] = [2, 2, 2];

/** A stored blob with this text. */
export function storedText(ports: MemoryPorts, text: string): Promise<ObjectRef> {
  return ports.objects.writeBlob(PROJECT, new TextEncoder().encode(text));
}

/** A project with an owner, a member, a collaborator. */
export async function projectPorts(): Promise<MemoryPorts> {
  const ports = createMemoryPorts();
  await ports.records.create({
    entity: 'project',
    project: PROJECT,
    id: PROJECT,
    state: 'active',
    archiveId: 'xnat',
    description: '',
  });
  for (const role of ['owner', 'member', 'collaborator'] as const) {
    await ports.records.create({
      entity: 'member',
      project: PROJECT,
      id: `the-${role}`,
      state: 'active',
      role,
      grants: [],
    });
  }
  return ports;
}

export function caseIdOf(number: number): string {
  return sha256Hex(`case ${number}`).slice(0, 32);
}

/** A case of subject `S<number>`, whose files are stored; members can be replaced. */
export async function addCase(
  ports: MemoryPorts,
  number: number,
  changes: Partial<NewRecord<'case'>> = {},
): Promise<CaseRecord> {
  const image = await storedText(ports, `image ${number}`);
  const mask = await storedText(ports, `mask ${number}`);
  const certificate = await storedText(ports, JSON.stringify({ outcome: 'ready', number }));
  const resource = { format: 'NIFTI' as const, fileName: 'file.nii.gz' };
  return ports.records.create({
    entity: 'case',
    project: PROJECT,
    id: caseIdOf(number),
    state: 'ready',
    archiveId: 'xnat',
    subject: `S${number}`,
    session: `E${number}`,
    generation: 1,
    scanId: '1',
    seriesUid: `1.2.3.${number}`,
    seriesDescription: 'CT abdomen',
    modality: 'CT',
    automationId: 'auto',
    automationVersion: 1,
    assessorId: `A${number}`,
    roiSavedAt: '2026-01-01T00:00:00Z',
    roiSha256: sha256Hex('roi'),
    uploadManifestKey: null,
    classes: CLASSES,
    ignoredValues: [],
    spacingMm: SPACING,
    units: 'HU',
    resources: [
      { ...resource, label: 'auto-image', content: 'IMAGE', object: image },
      { ...resource, label: 'auto-mask', content: 'MASK', object: mask },
    ],
    certificate,
    reasons: [],
    problem: null,
    acceptedBy: null,
    supersededBy: null,
    ...changes,
  });
}

export async function addDefinition(ports: MemoryPorts): Promise<void> {
  await ports.records.create({
    entity: 'dataset-definition',
    project: PROJECT,
    id: 'organs',
    state: 'active',
    description: '',
    criteria: CRITERIA,
  });
}

export async function addModelVersion(
  ports: MemoryPorts,
  changes: Partial<NewRecord<'model-version'>> = {},
): Promise<RecordOf<'model-version'>> {
  return ports.records.create({
    entity: 'model-version',
    project: PROJECT,
    id: 'starter.v1',
    state: 'installed',
    modelId: 'starter',
    version: 1,
    network: {
      name: 'UNet',
      channels: [8, 16, 32],
      strides: [2, 2],
      numResUnits: 1,
      norm: 'instance',
      dropout: 0,
    },
    preprocessing: { spacingMm: [3, 3, 3], intensity: { lower: -160, upper: 240 }, patchSize: [32, 32, 32] },
    classes: CLASSES,
    weights: await storedText(ports, 'starter weights'),
    labelMap: await storedText(ports, 'Liver=10\nSpleen=20\n'),
    lineage: {
      importedFrom: sha256Hex('zip'),
      parent: null,
      runId: null,
      checkpointId: null,
      datasetId: null,
      trainingSubjects: [],
    },
    testDice: {},
    testLooks: 0,
    ...changes,
  });
}

export const DATASET_ID = 'd'.repeat(32);

export async function addDataset(
  ports: MemoryPorts,
  changes: Partial<NewRecord<'dataset'>> = {},
): Promise<RecordOf<'dataset'>> {
  return ports.records.create({
    entity: 'dataset',
    project: PROJECT,
    id: DATASET_ID,
    state: 'frozen',
    definitionId: 'organs',
    manifest: await storedText(ports, '{"items":[]}'),
    classes: CLASSES,
    spacingMm: SPACING,
    split: SPLIT,
    items: 5,
    sizeBytes: 500,
    subjects: { training: ['S1', 'S2', 'S3'], validation: ['S4'], test: ['S5'] },
    testLooks: 0,
    warnings: [],
    ...changes,
  });
}

export async function addConfig(
  ports: MemoryPorts,
  changes: Partial<NewRecord<'training-config'>> = {},
): Promise<void> {
  await ports.records.create({
    entity: 'training-config',
    project: PROJECT,
    id: 'quick',
    state: 'active',
    description: '',
    engine: 'monai',
    bakedIn: { maxEpochs: 8 },
    runtime: ['seed', 'maxEpochs'],
    budgetUsd: 50,
    timeoutSeconds: 3600,
    ...changes,
  });
}

export async function addRun(
  ports: MemoryPorts,
  changes: Partial<NewRecord<'run'>> = {},
): Promise<RecordOf<'run'>> {
  return ports.records.create({
    entity: 'run',
    project: PROJECT,
    id: 'run-1',
    state: 'running',
    mode: 'initial',
    datasetId: DATASET_ID,
    trainingConfigId: 'quick',
    modelVersionId: 'starter.v1',
    parameters: {
      maxEpochs: 8,
      validationInterval: 4,
      learningRate: 0.01,
      weightDecay: 0.00001,
      batchSize: 2,
      patchesPerVolume: 2,
      seed: 0,
      amp: false,
    },
    estimateUsd: 1,
    budgetUsd: 50,
    timeoutSeconds: 3600,
    executionArn: ports.workflows.arnOf('train-model', 'run-1'),
    batchJobId: null,
    logStreamName: null,
    jobStatus: null,
    jobAttempts: 0,
    reason: null,
    startedAt: null,
    finishedAt: null,
    stopRequested: false,
    requestedBy: 'the-owner',
    ...changes,
  });
}

/** What the trainer leaves behind: weights of two checkpoints, then the result. */
export async function leaveTrainingResult(ports: MemoryPorts, runId = 'run-1'): Promise<TrainingResult> {
  const prefix = `${objectKeys.runPrefix(PROJECT, runId)}checkpoints/`;
  const weights = (name: string) =>
    ports.objects.write(`${prefix}${name}.pt`, new TextEncoder().encode(`${runId} ${name} weights`));
  const result: TrainingResult = {
    schemaVersion: 1,
    runId,
    specSha256: sha256Hex('spec'),
    finishedAt: '2026-01-01T01:00:00Z',
    epochs: 8,
    iterations: 80,
    resumes: 0,
    bestValidationDice: 0.91,
    bestEpoch: 7,
    cpuSeconds: 20,
    wallSeconds: 11,
    device: 'cpu',
    versions: { torch: '2.13.0' },
    checkpoints: [
      { checkpointId: 'best', role: 'best', epoch: 7, validationDice: 0.91, weights: await weights('best') },
      { checkpointId: 'last', role: 'last', epoch: 8, validationDice: 0.9, weights: await weights('last') },
    ],
  };
  await ports.objects.write(
    objectKeys.trainingResult(PROJECT, runId),
    new TextEncoder().encode(canonicalJson(result)),
  );
  return result;
}

export async function leaveEvaluationResult(ports: MemoryPorts, runId = 'run-1'): Promise<EvaluationResult> {
  const result: EvaluationResult = {
    schemaVersion: 1,
    runId,
    datasetId: DATASET_ID,
    partition: 'test',
    finishedAt: '2026-01-01T01:10:00Z',
    cpuSeconds: 3,
    candidates: [
      {
        candidateId: `${runId}.best`,
        meanDice: 0.9,
        regions: [
          {
            name: 'Liver',
            maskValue: 10,
            meanDice: 0.93,
            ignoredCases: 0,
            cases: [{ caseId: 'c', dice: 0.93 }],
          },
          {
            name: 'Spleen',
            maskValue: 20,
            meanDice: null,
            ignoredCases: 0,
            cases: [{ caseId: 'c', dice: null }],
          },
        ],
      },
    ],
  };
  await ports.objects.write(
    objectKeys.evaluationResult(PROJECT, runId),
    new TextEncoder().encode(canonicalJson(result)),
  );
  return result;
}
