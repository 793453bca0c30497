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
