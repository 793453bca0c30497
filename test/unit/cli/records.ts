import { CertificateThresholds } from '../../../src/contracts/certificate.ts';
import { Processing } from '../../../src/contracts/processing.ts';
import type { CaseRecord, RecordOf, RunRecord } from '../../../src/contracts/records.ts';
import { TrainingParameters } from '../../../src/contracts/training.ts';

const TIME = '2026-11-23T10:00:00Z';
const base = { schemaVersion: 1, project: 'P1', revision: 1, createdAt: TIME, updatedAt: TIME } as const;
const sha256 = 'a'.repeat(64);

export const aProject = (id: string): RecordOf<'project'> => ({
  ...base,
  entity: 'project',
  project: id,
  id,
  state: 'active',
  archiveId: 'xnat',
  description: '',
});

export const aMember = (id: string, role: 'owner' | 'member' | 'collaborator'): RecordOf<'member'> => ({
  ...base,
  entity: 'member',
  id,
  state: 'active',
  role,
  grants: [],
});

export const aRun = (changes: Partial<RunRecord> = {}): RunRecord => ({
  ...base,
  entity: 'run',
  id: 'run-1',
  state: 'running',
  mode: 'initial',
  datasetId: '0'.repeat(32),
  trainingConfigId: 'standard',
  modelVersionId: 'abdomen.v1',
  parameters: TrainingParameters.parse({}),
  estimateUsd: 1.5,
  budgetUsd: 50,
  timeoutSeconds: 3600,
  executionArn: null,
  batchJobId: null,
  logStreamName: null,
  jobStatus: null,
  jobAttempts: 1,
  reason: null,
  startedAt: TIME,
  finishedAt: null,
  stopRequested: false,
  requestedBy: 'owner',
  ...changes,
});

export const aCase = (changes: Partial<CaseRecord> = {}): CaseRecord => ({
  ...base,
  entity: 'case',
  id: '1'.repeat(32),
  state: 'ready',
  archiveId: 'xnat',
  subject: 'XNAT_S1',
  session: 'XNAT_E1',
  generation: 1,
  scanId: '2',
  seriesUid: '1.2.3',
  seriesDescription: 'Abdomen',
  modality: 'CT',
  automationId: 'organs',
  automationVersion: 1,
  assessorId: 'RoiCollection_1',
  roiSavedAt: TIME,
  roiSha256: sha256,
  uploadManifestKey: null,
  classes: [{ index: 1, maskValue: 10, name: 'Liver' }],
  ignoredValues: [],
  spacingMm: [2, 2, 2],
  units: 'HU',
  resources: [],
  certificate: null,
  reasons: [],
  problem: null,
  acceptedBy: null,
  supersededBy: null,
  ...changes,
});

export const aDatasetSave = (changes: Partial<RecordOf<'dataset-save'>>): RecordOf<'dataset-save'> => ({
  ...base,
  entity: 'dataset-save',
  id: 'save-1',
  state: 'running',
  definitionId: 'all',
  split: { seed: 0, training: 0.6, validation: 0.2, test: 0.2 },
  datasetId: null,
  problem: null,
  requestedBy: 'owner',
  ...changes,
});

export const aPromotion = (changes: Partial<RecordOf<'promotion'>>): RecordOf<'promotion'> => ({
  ...base,
  entity: 'promotion',
  id: 'promotion-1',
  state: 'running',
  runId: 'run-1',
  checkpointId: 'best',
  modelId: 'abdomen',
  modelVersionId: null,
  problem: null,
  requestedBy: 'owner',
  ...changes,
});

const anObject = (key: string, sizeBytes = 2_500_000) => ({ key, sha256, sizeBytes });
const liver = { index: 1, maskValue: 10, name: 'Liver' };

export const aModel = (changes: Partial<RecordOf<'model'>> = {}): RecordOf<'model'> => ({
  ...base,
  entity: 'model',
  id: 'abdomen',
  state: 'active',
  title: 'Abdominal organs',
  latestVersion: 2,
  ...changes,
});

export const aModelVersion = (
  changes: Partial<RecordOf<'model-version'>> = {},
): RecordOf<'model-version'> => ({
  ...base,
  entity: 'model-version',
  id: 'abdomen.v2',
  state: 'promoted',
  modelId: 'abdomen',
  version: 2,
  network: {
    name: 'UNet',
    channels: [8, 16],
    strides: [2],
    numResUnits: 1,
    norm: 'instance',
    dropout: 0,
  },
  preprocessing: {
    spacingMm: [2, 2, 2],
    intensity: { lower: -175, upper: 250 },
    patchSize: [32, 32, 32],
  },
  classes: [liver],
  weights: anObject('projects/P1/blobs/weights'),
  labelMap: anObject('projects/P1/blobs/label-map'),
  lineage: {
    importedFrom: null,
    parent: 'abdomen.v1',
    runId: 'run-1',
    checkpointId: 'best',
    datasetId: '0'.repeat(32),
    trainingSubjects: ['XNAT_S1'],
  },
  testDice: { Liver: 0.9312 },
  testLooks: 1,
  ...changes,
});

export const anAutomation = (changes: Partial<RecordOf<'automation'>> = {}): RecordOf<'automation'> => ({
  ...base,
  entity: 'automation',
  id: 'organs',
  state: 'enabled',
  version: 3,
  modelVersionId: 'abdomen.v1',
  labelMap: anObject('projects/P1/blobs/label-map'),
  spacingMm: [2, 2, 2.5],
  policies: { unmapped: 'report', missing: 'review', overlap: 'later-wins', gaps: 'review' },
  thresholds: CertificateThresholds.parse({}),
  processing: Processing.parse({}),
  ...changes,
});

export const aTrainingConfig = (
  changes: Partial<RecordOf<'training-config'>> = {},
): RecordOf<'training-config'> => ({
  ...base,
  entity: 'training-config',
  id: 'quick',
  state: 'active',
  description: '',
  engine: 'monai',
  bakedIn: { maxEpochs: 40, amp: true },
  runtime: ['seed', 'learningRate'],
  budgetUsd: 20,
  timeoutSeconds: 600,
  ...changes,
});

export const aDefinition = (): RecordOf<'dataset-definition'> => ({
  ...base,
  entity: 'dataset-definition',
  id: 'all',
  state: 'active',
  description: '',
  criteria: {},
});

export const aDataset = (changes: Partial<RecordOf<'dataset'>> = {}): RecordOf<'dataset'> => ({
  ...base,
  entity: 'dataset',
  id: 'f'.repeat(32),
  state: 'frozen',
  definitionId: 'all',
  manifest: anObject('projects/P1/datasets/manifest.json'),
  classes: [liver, { index: 2, maskValue: 20, name: 'Spleen' }],
  spacingMm: [2, 2, 2],
  split: { seed: 7, training: 0.6, validation: 0.2, test: 0.2 },
  items: 5,
  sizeBytes: 2_340_000,
  subjects: { training: ['S1', 'S2', 'S3'], validation: ['S4'], test: ['S5'] },
  testLooks: 0,
  warnings: [],
  ...changes,
});

export const aCheckpoint = (changes: Partial<RecordOf<'checkpoint'>> = {}): RecordOf<'checkpoint'> => ({
  ...base,
  entity: 'checkpoint',
  id: 'best',
  state: 'available',
  runId: 'run-1',
  role: 'best',
  epoch: 24,
  validationDice: 0.8749,
  weights: anObject('projects/P1/runs/run-1/checkpoints/best.pt'),
  ...changes,
});

export const aRunResult = (changes: Partial<RecordOf<'run-result'>> = {}): RecordOf<'run-result'> => ({
  ...base,
  entity: 'run-result',
  id: 'run-1',
  state: 'evaluated',
  training: {
    schemaVersion: 1,
    runId: 'run-1',
    specSha256: sha256,
    finishedAt: TIME,
    epochs: 40,
    iterations: 400,
    resumes: 1,
    bestValidationDice: 0.8749,
    bestEpoch: 24,
    cpuSeconds: 123.45,
    wallSeconds: 60,
    device: 'cpu',
    versions: { monai: '1.5' },
    checkpoints: [
      {
        checkpointId: 'best',
        role: 'best',
        epoch: 24,
        validationDice: 0.8749,
        weights: anObject('projects/P1/runs/run-1/checkpoints/best.pt'),
      },
    ],
  },
  evaluation: {
    schemaVersion: 1,
    runId: 'run-1',
    datasetId: '0'.repeat(32),
    partition: 'test',
    finishedAt: TIME,
    cpuSeconds: 3,
    candidates: [
      {
        candidateId: 'best',
        meanDice: 0.9,
        regions: [
          { name: 'Liver', maskValue: 10, meanDice: 0.9, ignoredCases: 0, cases: [] },
          { name: 'Spleen', maskValue: 20, meanDice: null, ignoredCases: 2, cases: [] },
        ],
      },
    ],
  },
  ...changes,
});

export const anExport = (changes: Partial<RecordOf<'export'>> = {}): RecordOf<'export'> => ({
  ...base,
  entity: 'export',
  id: 'export-1',
  state: 'succeeded',
  modelVersionId: 'abdomen.v2',
  format: 'monai-bundle',
  bundle: anObject('projects/P1/exports/export-1/bundle.zip'),
  parityMaxDifference: 0.000001,
  problem: null,
  requestedBy: 'owner',
  ...changes,
});
