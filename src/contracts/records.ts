import { z } from 'zod';
import { CertificateThresholds } from './certificate.ts';
import { IgnoredValues, Partition, RegionClass, SplitRule, TaggedResourceMap } from './dataset.ts';
import {
  ArchiveId,
  AssessorId,
  AutomationId,
  CaseId,
  CheckpointId,
  DatasetId,
  DefinitionId,
  ExportId,
  IsoTime,
  ModelId,
  ModelVersionId,
  ObjectKey,
  ObjectRef,
  ProjectId,
  RunId,
  ScanId,
  SchemaVersion,
  SessionId,
  Sha256,
  SpacingMm,
  SubjectId,
  TrainingConfigId,
  UserId,
} from './identifiers.ts';
import { LabelPolicies } from './label-policy.ts';
import { Processing } from './processing.ts';
import { CaseResource, Problem } from './stages/prepare-session.ts';
import {
  BakedInParameters,
  EvaluationResult,
  NetworkDefinition,
  Preprocessing,
  TrainingParameters,
  TrainingResult,
} from './training.ts';

/** What every record carries. `revision` rises with each write and guards against lost updates. */
const Base = {
  schemaVersion: SchemaVersion,
  project: ProjectId,
  revision: z.int().min(1),
  createdAt: IsoTime,
  updatedAt: IsoTime,
};

export const Role = z.enum(['owner', 'member', 'collaborator']);
export type Role = z.infer<typeof Role>;

export const ProjectRecord = z.strictObject({
  ...Base,
  entity: z.literal('project'),
  id: ProjectId,
  state: z.enum(['active', 'archived']),
  archiveId: ArchiveId.nullable().describe('the XNAT whose project of the same id this follows'),
  description: z.string().max(4096),
});
export const MemberRecord = z.strictObject({
  ...Base,
  entity: z.literal('member'),
  id: UserId.describe('Cognito username'),
  state: z.literal('active'),
  role: Role,
  grants: z.array(z.string()).describe("actions granted beyond the role's default policy"),
});
export const ModelRecord = z.strictObject({
  ...Base,
  entity: z.literal('model'),
  id: ModelId,
  state: z.literal('active'),
  title: z.string().max(256),
  latestVersion: z.int().min(0),
});
export const ModelVersionRecord = z.strictObject({
  ...Base,
  entity: z.literal('model-version'),
  id: ModelVersionId,
  state: z.enum(['installed', 'promoted']),
  modelId: ModelId,
  version: z.int().min(1),
  network: NetworkDefinition,
  preprocessing: Preprocessing,
  classes: z.array(RegionClass),
  weights: ObjectRef,
  labelMap: ObjectRef.nullable().describe('region2MaskValueMap.txt or its JSON superset, as attached'),
  lineage: z.strictObject({
    importedFrom: Sha256.nullable().describe('digest of the imported bundle zip'),
    parent: ModelVersionId.nullable(),
    runId: RunId.nullable(),
    checkpointId: CheckpointId.nullable(),
    datasetId: DatasetId.nullable(),
    trainingSubjects: z
      .array(SubjectId)
      .describe('every subject that this version or an ancestor learned from'),
  }),
  testDice: z.record(z.string(), z.number().nullable()).describe("by region, from the run's evaluation"),
  testLooks: z.int().min(0).describe('how often the test partition was looked at on the way here'),
});
export const AutomationRecord = z.strictObject({
  ...Base,
  entity: z.literal('automation'),
  id: AutomationId,
  state: z.enum(['enabled', 'disabled']),
  version: z.int().min(1).describe("rises with each change; part of a case's identity"),
  modelVersionId: ModelVersionId,
  labelMap: ObjectRef,
  spacingMm: SpacingMm,
  policies: LabelPolicies,
  thresholds: CertificateThresholds.prefault({}),
  processing: Processing.prefault({}),
});
export const CASE_STATES = ['ready', 'needs-review', 'quarantined', 'superseded'] as const;
export const CaseRecord = z.strictObject({
  ...Base,
  entity: z.literal('case'),
  id: CaseId,
  state: z.enum(CASE_STATES),
  archiveId: ArchiveId,
  subject: SubjectId,
  session: SessionId,
  generation: z.int(),
  scanId: ScanId.nullable(),
  seriesUid: z.string().nullable(),
  seriesDescription: z.string(),
  modality: z.string(),
  automationId: AutomationId,
  automationVersion: z.int(),
  assessorId: AssessorId,
  roiSavedAt: z.string(),
  roiSha256: Sha256,
  uploadManifestKey: ObjectKey.nullable(),
  classes: z.array(RegionClass),
  ignoredValues: IgnoredValues.default([]),
  spacingMm: SpacingMm.nullable(),
  units: z.string().nullable(),
  resources: z.array(CaseResource),
  certificate: ObjectRef.nullable(),
  reasons: z.array(z.string()).describe('why a person should look'),
  problem: Problem.nullable(),
  acceptedBy: UserId.nullable(),
  supersededBy: CaseId.nullable(),
});
export type CaseRecord = z.infer<typeof CaseRecord>;

/** One `_COMPLETE.json` of a session, as it was written at the hint that raised `generation`. */
const SessionUpload = z.strictObject({
  manifestKey: ObjectKey,
  generation: z.int(),
  pending: z.boolean().describe('not read to its end since then'),
});
export type SessionUpload = z.infer<typeof SessionUpload>;

/** One per (archive, project, session): its generation, and who is preparing it. */
export const SessionRecord = z.strictObject({
  ...Base,
  entity: z.literal('session'),
  id: z.string().describe('<archive>:<session>'),
  state: z.enum(['idle', 'leased']),
  archiveId: ArchiveId,
  session: SessionId,
  uploads: z
    .array(SessionUpload)
    .describe('of an uploaded session; those to be prepared, and the newest of those that were'),
  generation: z.int().describe('raised by every hint with a new delivery id'),
  preparedGeneration: z.int().describe('the newest generation that an execution finished'),
  attempt: z.int().min(0),
  lease: z.strictObject({ execution: z.string(), generation: z.int(), expiresAt: IsoTime }).nullable(),
  fingerprint: z
    .string()
    .nullable()
    .describe('what the poll sweep saw last: digest of the ROI collections and their files'),
});
export type SessionRecord = z.infer<typeof SessionRecord>;

/** A hint or webhook that was taken; its id can have no second effect. Carries a TTL. */
export const DeliveryRecord = z.strictObject({
  ...Base,
  entity: z.literal('delivery'),
  id: z.string(),
  state: z.enum(['accepted', 'rejected']),
  cause: z.string(),
  session: z.string().nullable(),
  uploadManifestKey: ObjectKey.nullable().default(null),
  problem: Problem.nullable(),
  expiresAt: z.int().describe("seconds since 1970, for the table's TTL"),
});

export const DatasetDefinitionRecord = z.strictObject({
  ...Base,
  entity: z.literal('dataset-definition'),
  id: DefinitionId,
  state: z.literal('active'),
  description: z.string().max(4096),
  criteria: TaggedResourceMap,
});
export const DatasetSaveRecord = z.strictObject({
  ...Base,
  entity: z.literal('dataset-save'),
  id: z.string(),
  state: z.enum(['running', 'succeeded', 'failed']),
  definitionId: DefinitionId,
  split: SplitRule,
  datasetId: DatasetId.nullable(),
  problem: Problem.nullable(),
  requestedBy: UserId,
});
export const DatasetRecord = z.strictObject({
  ...Base,
  entity: z.literal('dataset'),
  id: DatasetId,
  state: z.enum(['frozen', 'tombstoned']),
  definitionId: DefinitionId,
  manifest: ObjectRef,
  classes: z.array(RegionClass),
  spacingMm: SpacingMm,
  split: SplitRule,
  items: z.int(),
  sizeBytes: z.int(),
  subjects: z.record(Partition, z.array(SubjectId)),
  testLooks: z.int().min(0),
  warnings: z.array(z.string()).default([]).describe('such as identical pixels under two subjects'),
});
export const TrainingConfigRecord = z.strictObject({
  ...Base,
  entity: z.literal('training-config'),
  id: TrainingConfigId,
  state: z.literal('active'),
  description: z.string().max(4096),
  engine: z.literal('monai'),
  bakedIn: BakedInParameters,
  runtime: z.array(z.string()).describe('names of the parameters a launch may set'),
  budgetUsd: z.number().positive(),
  timeoutSeconds: z
    .int()
    .min(60)
    .max(30 * 86_400),
});

export const RUN_STATES = [
  'queued',
  'waiting',
  'running',
  'evaluating',
  'succeeded',
  'failed',
  'stopped',
] as const;
export const RunState = z.enum(RUN_STATES);
export type RunState = z.infer<typeof RunState>;
export const RunRecord = z.strictObject({
  ...Base,
  entity: z.literal('run'),
  id: RunId,
  state: RunState.describe('written by track-run only'),
  mode: z.enum(['initial', 'fine-tune']),
  datasetId: DatasetId,
  trainingConfigId: TrainingConfigId,
  modelVersionId: ModelVersionId.describe('architecture and, when fine-tuning, weights come from it'),
  parameters: TrainingParameters,
  estimateUsd: z.number(),
  budgetUsd: z.number(),
  timeoutSeconds: z.int(),
  executionArn: z.string().nullable(),
  batchJobId: z.string().nullable(),
  logStreamName: z.string().nullable(),
  jobStatus: z.string().nullable().describe('Batch status of the newest job'),
  jobAttempts: z.int(),
  /** One sentence a researcher understands: why it waits, or why it failed. */
  reason: z.string().nullable(),
  startedAt: IsoTime.nullable(),
  finishedAt: IsoTime.nullable(),
  stopRequested: z.boolean(),
  requestedBy: UserId,
});
export type RunRecord = z.infer<typeof RunRecord>;
/** What a finished run produced; written by collect-results and notify-run, apart from the run's state. */
export const RunResultRecord = z.strictObject({
  ...Base,
  entity: z.literal('run-result'),
  id: RunId,
  state: z.enum(['trained', 'evaluated']),
  training: TrainingResult,
  evaluation: EvaluationResult.nullable(),
});
export const CheckpointRecord = z.strictObject({
  ...Base,
  entity: z.literal('checkpoint'),
  id: CheckpointId,
  state: z.enum(['available', 'promoted']),
  runId: RunId,
  role: z.enum(['best', 'last', 'periodic']),
  epoch: z.int(),
  validationDice: z.number().nullable(),
  weights: ObjectRef,
});
export const PromotionRecord = z.strictObject({
  ...Base,
  entity: z.literal('promotion'),
  id: z.string(),
  state: z.enum(['running', 'succeeded', 'failed']),
  runId: RunId,
  checkpointId: CheckpointId,
  modelId: ModelId,
  modelVersionId: ModelVersionId.nullable(),
  problem: Problem.nullable(),
  requestedBy: UserId,
});
export const ExportRecord = z.strictObject({
  ...Base,
  entity: z.literal('export'),
  id: ExportId,
  state: z.enum(['running', 'succeeded', 'failed']),
  modelVersionId: ModelVersionId,
  format: z.literal('monai-bundle'),
  bundle: ObjectRef.nullable(),
  parityMaxDifference: z.number().nullable(),
  problem: Problem.nullable(),
  requestedBy: UserId,
});
export const AuditRecord = z.strictObject({
  ...Base,
  entity: z.literal('audit'),
  id: z.string(),
  state: z.literal('recorded'),
  actor: z.string(),
  action: z.string(),
  subject: z.string().describe('<entity>/<id> acted upon'),
});

/** Every kind of record, by entity name. */
export const RECORDS = {
  project: ProjectRecord,
  member: MemberRecord,
  model: ModelRecord,
  'model-version': ModelVersionRecord,
  automation: AutomationRecord,
  case: CaseRecord,
  session: SessionRecord,
  delivery: DeliveryRecord,
  'dataset-definition': DatasetDefinitionRecord,
  'dataset-save': DatasetSaveRecord,
  dataset: DatasetRecord,
  'training-config': TrainingConfigRecord,
  run: RunRecord,
  'run-result': RunResultRecord,
  checkpoint: CheckpointRecord,
  promotion: PromotionRecord,
  export: ExportRecord,
  audit: AuditRecord,
} as const;

export type Entity = keyof typeof RECORDS;
export type RecordOf<E extends Entity> = z.infer<(typeof RECORDS)[E]>;
export type AnyRecord = { [E in Entity]: RecordOf<E> }[Entity];
