import { z } from 'zod';
import { CertificateThresholds } from './certificate.ts';
import { SplitRule, TaggedResourceMap, ValidationReport } from './dataset.ts';
import {
  ArchiveId,
  AutomationId,
  CheckpointId,
  DatasetId,
  DefinitionId,
  IsoTime,
  ModelId,
  ModelVersionId,
  ObjectKey,
  ProjectId,
  RunId,
  Sha256,
  SpacingMm,
  TrainingConfigId,
  UserId,
} from './identifiers.ts';
import { LabelPolicies } from './label-policy.ts';
import type { Action } from './permissions.ts';
import { Processing } from './processing.ts';
import {
  AutomationRecord,
  CaseRecord,
  CheckpointRecord,
  DatasetDefinitionRecord,
  DatasetRecord,
  DatasetSaveRecord,
  ExportRecord,
  MemberRecord,
  ModelRecord,
  ModelVersionRecord,
  ProjectRecord,
  PromotionRecord,
  Role,
  RunRecord,
  RunResultRecord,
  TrainingConfigRecord,
} from './records.ts';
import { Problem } from './stages/prepare-session.ts';
import { BakedInParameters, MetricLine } from './training.ts';

/**
 * The HTTP API. One table of operations is the only description of it: the server routes by it, the CLI and
 * the dashboard call by it, and `docs/` is generated from it. Paths are below `/v1`; `{project}` and the like are
 * taken from the path, GET parameters from the query string, everything else from a JSON body.
 */
const Nothing = z.strictObject({});
const ListQuery = z.strictObject({
  state: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: z.string().max(2048).optional(),
});
const page = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), next: z.string().nullable() });

/** Every failure of the API has this body. */
export const ApiError = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
    requestId: z.string(),
  }),
});
export type ApiError = z.infer<typeof ApiError>;

export const Me = z.strictObject({
  user: UserId,
  admin: z.boolean(),
});
export const Overview = z.strictObject({
  project: ProjectId,
  cases: z.record(z.string(), z.int()).describe('by state'),
  runs: z.record(z.string(), z.int()).describe('by state'),
  datasets: z.int(),
  modelVersions: z.int(),
});
export const UploadTicket = z.strictObject({
  key: ObjectKey,
  url: z.string().describe('presigned PUT; send the bytes within the hour'),
});
export const RefusedUpload = z.strictObject({
  id: z.string(),
  manifestKey: ObjectKey.nullable(),
  refusedAt: IsoTime,
  problem: Problem,
});
export const RunDetail = z.strictObject({ run: RunRecord, result: RunResultRecord.nullable() });
export const RunMetrics = z.strictObject({
  lines: z.array(MetricLine),
  next: z.int().describe('byte offset to ask from next time'),
});
export const RunLogs = z.strictObject({
  lines: z.array(z.strictObject({ time: z.string(), text: z.string() })),
  next: z.string().nullable(),
});
export const EventFiles = z.strictObject({
  files: z.array(
    z.strictObject({ name: z.string(), sizeBytes: z.int(), modifiedAt: z.string(), url: z.string() }),
  ),
});
export const ExportDetail = z.strictObject({ export: ExportRecord, url: z.string().nullable() });
export const CaseCertificate = z.strictObject({ certificate: z.record(z.string(), z.unknown()) });
export const LaunchEstimate = z.strictObject({
  estimateUsd: z.number(),
  hours: z.number(),
  explanation: z.string(),
});

interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Needed in the project of the path; null: any signed-in user; 'admin': site admins. */
  readonly action: Action | 'admin' | null;
  readonly request: z.ZodType;
  readonly response: z.ZodType;
  readonly summary: string;
}

const operation = <const O extends Operation>(o: O): O => o;

export const API = {
  getMe: operation({
    method: 'GET',
    path: '/me',
    action: null,
    request: Nothing,
    response: Me,
    summary: 'Who is signed in',
  }),
  listProjects: operation({
    method: 'GET',
    path: '/projects',
    action: null,
    request: ListQuery,
    response: page(ProjectRecord),
    summary: 'Projects that the user is a member of (all, for a site admin)',
  }),
  createProject: operation({
    method: 'POST',
    path: '/projects',
    action: 'admin',
    request: z.strictObject({
      project: ProjectId,
      archiveId: ArchiveId.nullable(),
      description: z.string().max(4096).default(''),
      owner: UserId,
    }),
    response: ProjectRecord,
    summary: 'Enable machine learning in a project and name its first owner',
  }),
  getProject: operation({
    method: 'GET',
    path: '/projects/{project}',
    action: 'project:read',
    request: Nothing,
    response: ProjectRecord,
    summary: 'One project',
  }),
  getOverview: operation({
    method: 'GET',
    path: '/projects/{project}/overview',
    action: 'project:read',
    request: Nothing,
    response: Overview,
    summary: 'Counts by state',
  }),
  syncProject: operation({
    method: 'POST',
    path: '/projects/{project}/sync',
    action: 'case:retry',
    request: z.strictObject({ session: z.string().optional() }),
    response: z.strictObject({ hinted: z.int() }),
    summary: 'Look at the archive now instead of waiting for an event',
  }),

  listMembers: operation({
    method: 'GET',
    path: '/projects/{project}/members',
    action: 'member:read',
    request: ListQuery,
    response: page(MemberRecord),
    summary: 'Members and their roles',
  }),
  putMember: operation({
    method: 'PUT',
    path: '/projects/{project}/members/{user}',
    action: 'member:write',
    request: z.strictObject({ role: Role, grants: z.array(z.string()).default([]) }),
    response: MemberRecord,
    summary: 'Add a member or change a role',
  }),
  removeMember: operation({
    method: 'DELETE',
    path: '/projects/{project}/members/{user}',
    action: 'member:write',
    request: Nothing,
    response: Nothing,
    summary: 'Remove a member',
  }),

  createUpload: operation({
    method: 'POST',
    path: '/projects/{project}/uploads',
    action: 'model:install',
    request: z.strictObject({
      fileName: z.string().min(1).max(256),
      sizeBytes: z.int().min(1),
      sha256: Sha256,
    }),
    response: UploadTicket,
    summary: 'A place to put a model bundle before it is installed',
  }),
  listModels: operation({
    method: 'GET',
    path: '/projects/{project}/models',
    action: 'model:read',
    request: ListQuery,
    response: page(ModelRecord),
    summary: 'Models',
  }),
  installModel: operation({
    method: 'POST',
    path: '/projects/{project}/models',
    action: 'model:install',
    request: z.strictObject({
      modelId: ModelId,
      title: z.string().max(256).default(''),
      uploadKey: ObjectKey,
      sha256: Sha256,
    }),
    response: ModelVersionRecord,
    summary: 'Install an uploaded MONAI bundle zip as the next version of a model',
  }),
  listModelVersions: operation({
    method: 'GET',
    path: '/projects/{project}/model-versions',
    action: 'model:read',
    request: ListQuery,
    response: page(ModelVersionRecord),
    summary: 'Model versions with their lineage',
  }),
  getModelVersion: operation({
    method: 'GET',
    path: '/projects/{project}/model-versions/{modelVersionId}',
    action: 'model:read',
    request: Nothing,
    response: ModelVersionRecord,
    summary: 'One model version',
  }),
  attachLabelMap: operation({
    method: 'PUT',
    path: '/projects/{project}/model-versions/{modelVersionId}/label-map',
    action: 'model:install',
    request: z.strictObject({ fileName: z.string().max(256), text: z.string().max(1024 * 1024) }),
    response: ModelVersionRecord,
    summary: 'Attach region2MaskValueMap.txt or its JSON superset',
  }),

  listAutomations: operation({
    method: 'GET',
    path: '/projects/{project}/automations',
    action: 'automation:read',
    request: ListQuery,
    response: page(AutomationRecord),
    summary: 'Automations',
  }),
  putAutomation: operation({
    method: 'PUT',
    path: '/projects/{project}/automations/{automationId}',
    action: 'automation:write',
    request: z.strictObject({
      modelVersionId: ModelVersionId,
      spacingMm: SpacingMm.nullable().default(null).describe('null: as the model wants it'),
      policies: LabelPolicies.prefault({}),
      thresholds: CertificateThresholds.prefault({}),
      processing: Processing.prefault({}),
      enabled: z.boolean().default(true),
    }),
    response: AutomationRecord,
    summary: 'Create or change an automation; a change raises its version',
  }),

  listCases: operation({
    method: 'GET',
    path: '/projects/{project}/cases',
    action: 'case:read',
    request: ListQuery,
    response: page(CaseRecord),
    summary: 'Cases, by state',
  }),
  getCase: operation({
    method: 'GET',
    path: '/projects/{project}/cases/{caseId}',
    action: 'case:read',
    request: Nothing,
    response: CaseRecord,
    summary: 'One case',
  }),
  listRefusedUploads: operation({
    method: 'GET',
    path: '/projects/{project}/uploads',
    action: 'case:read',
    request: ListQuery.omit({ state: true }),
    response: page(RefusedUpload),
    summary: 'Uploads of the last 30 days that could not be taken, newest first, with the reason',
  }),
  getCertificate: operation({
    method: 'GET',
    path: '/projects/{project}/cases/{caseId}/certificate',
    action: 'case:read',
    request: Nothing,
    response: CaseCertificate,
    summary: 'The conversion certificate of a case',
  }),
  acceptCase: operation({
    method: 'POST',
    path: '/projects/{project}/cases/{caseId}/accept',
    action: 'case:review',
    request: Nothing,
    response: CaseRecord,
    summary: 'A person has looked: a case for review becomes ready',
  }),
  retryCase: operation({
    method: 'POST',
    path: '/projects/{project}/cases/{caseId}/retry',
    action: 'case:retry',
    request: Nothing,
    response: z.strictObject({ hinted: z.int() }),
    summary: 'Prepare the session of a case again, after a fix',
  }),

  listDefinitions: operation({
    method: 'GET',
    path: '/projects/{project}/dataset-definitions',
    action: 'dataset:read',
    request: ListQuery,
    response: page(DatasetDefinitionRecord),
    summary: 'Dataset definitions',
  }),
  putDefinition: operation({
    method: 'PUT',
    path: '/projects/{project}/dataset-definitions/{definitionId}',
    action: 'dataset:write',
    request: z.strictObject({ description: z.string().max(4096).default(''), criteria: TaggedResourceMap }),
    response: DatasetDefinitionRecord,
    summary: 'Create or change a dataset definition',
  }),
  validateDefinition: operation({
    method: 'POST',
    path: '/projects/{project}/dataset-definitions/{definitionId}/validate',
    action: 'dataset:read',
    request: Nothing,
    response: ValidationReport,
    summary: 'X of Y sessions complete, with a reason for each miss',
  }),
  saveDataset: operation({
    method: 'POST',
    path: '/projects/{project}/dataset-definitions/{definitionId}/save',
    action: 'dataset:write',
    request: z.strictObject({ split: SplitRule }),
    response: DatasetSaveRecord,
    summary: 'Freeze a dataset; answers with the running save',
  }),
  getDatasetSave: operation({
    method: 'GET',
    path: '/projects/{project}/dataset-saves/{saveId}',
    action: 'dataset:read',
    request: Nothing,
    response: DatasetSaveRecord,
    summary: 'How a save is getting on',
  }),
  listDatasets: operation({
    method: 'GET',
    path: '/projects/{project}/datasets',
    action: 'dataset:read',
    request: ListQuery,
    response: page(DatasetRecord),
    summary: 'Frozen datasets',
  }),
  getDataset: operation({
    method: 'GET',
    path: '/projects/{project}/datasets/{datasetId}',
    action: 'dataset:read',
    request: Nothing,
    response: DatasetRecord,
    summary: 'One frozen dataset',
  }),

  listTrainingConfigs: operation({
    method: 'GET',
    path: '/projects/{project}/training-configs',
    action: 'run:read',
    request: ListQuery,
    response: page(TrainingConfigRecord),
    summary: 'Training configs',
  }),
  putTrainingConfig: operation({
    method: 'PUT',
    path: '/projects/{project}/training-configs/{trainingConfigId}',
    action: 'run:launch',
    request: z.strictObject({
      description: z.string().max(4096).default(''),
      bakedIn: BakedInParameters.default({}),
      runtime: z.array(z.string()).default([]),
      budgetUsd: z.number().positive().default(50),
      timeoutSeconds: z
        .int()
        .min(60)
        .max(30 * 86_400)
        .default(86_400),
    }),
    response: TrainingConfigRecord,
    summary: 'Create or change a training config',
  }),
  estimateRun: operation({
    method: 'POST',
    path: '/projects/{project}/runs/estimate',
    action: 'run:launch',
    request: z.strictObject({
      trainingConfigId: TrainingConfigId,
      datasetId: DatasetId,
      modelVersionId: ModelVersionId,
      parameters: z.record(z.string(), z.unknown()).default({}),
    }),
    response: LaunchEstimate,
    summary: 'What a launch would cost',
  }),
  launchRun: operation({
    method: 'POST',
    path: '/projects/{project}/runs',
    action: 'run:launch',
    request: z.strictObject({
      mode: z.enum(['initial', 'fine-tune']),
      trainingConfigId: TrainingConfigId,
      datasetId: DatasetId,
      modelVersionId: ModelVersionId,
      parameters: z.record(z.string(), z.unknown()).default({}),
    }),
    response: RunRecord,
    summary: 'Launch a training run',
  }),
  listRuns: operation({
    method: 'GET',
    path: '/projects/{project}/runs',
    action: 'run:read',
    request: ListQuery,
    response: page(RunRecord),
    summary: 'Runs, by state',
  }),
  getRun: operation({
    method: 'GET',
    path: '/projects/{project}/runs/{runId}',
    action: 'run:read',
    request: Nothing,
    response: RunDetail,
    summary: 'One run with its results',
  }),
  stopRun: operation({
    method: 'POST',
    path: '/projects/{project}/runs/{runId}/stop',
    action: 'run:stop',
    request: Nothing,
    response: RunRecord,
    summary: 'Stop a run; its checkpoints stay',
  }),
  getRunMetrics: operation({
    method: 'GET',
    path: '/projects/{project}/runs/{runId}/metrics',
    action: 'run:read',
    request: z.strictObject({ after: z.coerce.number().int().min(0).default(0) }),
    response: RunMetrics,
    summary: 'Live curves from a byte offset on',
  }),
  getRunLogs: operation({
    method: 'GET',
    path: '/projects/{project}/runs/{runId}/logs',
    action: 'run:read',
    request: z.strictObject({
      token: z.string().max(2048).optional(),
      limit: z.coerce.number().int().min(1).max(1000).optional(),
    }),
    response: RunLogs,
    summary: 'Log lines after a token',
  }),
  listEventFiles: operation({
    method: 'GET',
    path: '/projects/{project}/runs/{runId}/tensorboard',
    action: 'run:read',
    request: Nothing,
    response: EventFiles,
    summary: 'TensorBoard event files to download',
  }),
  listCheckpoints: operation({
    method: 'GET',
    path: '/projects/{project}/runs/{runId}/checkpoints',
    action: 'run:read',
    request: Nothing,
    response: page(CheckpointRecord),
    summary: 'Checkpoints of a run',
  }),

  promoteCheckpoint: operation({
    method: 'POST',
    path: '/projects/{project}/promotions',
    action: 'model:promote',
    request: z.strictObject({ runId: RunId, checkpointId: CheckpointId, modelId: ModelId }),
    response: PromotionRecord,
    summary: 'Make a checkpoint the next version of a model',
  }),
  getPromotion: operation({
    method: 'GET',
    path: '/projects/{project}/promotions/{promotionId}',
    action: 'model:read',
    request: Nothing,
    response: PromotionRecord,
    summary: 'How a promotion is getting on',
  }),
  createExport: operation({
    method: 'POST',
    path: '/projects/{project}/exports',
    action: 'export:write',
    request: z.strictObject({ modelVersionId: ModelVersionId, format: z.literal('monai-bundle') }),
    response: ExportRecord,
    summary: 'Export a model version',
  }),
  listExports: operation({
    method: 'GET',
    path: '/projects/{project}/exports',
    action: 'export:read',
    request: ListQuery,
    response: page(ExportRecord),
    summary: 'Exports',
  }),
  getExport: operation({
    method: 'GET',
    path: '/projects/{project}/exports/{exportId}',
    action: 'export:read',
    request: Nothing,
    response: ExportDetail,
    summary: 'One export, with a link to download it',
  }),
} as const;

export type OperationName = keyof typeof API;
export type RequestOf<N extends OperationName> = z.input<(typeof API)[N]['request']>;
export type ResponseOf<N extends OperationName> = z.output<(typeof API)[N]['response']>;

export const API_PREFIX = '/v1';
export const PATH_PARAMETERS = {
  project: ProjectId,
  user: UserId,
  automationId: AutomationId,
  definitionId: DefinitionId,
  trainingConfigId: TrainingConfigId,
} as const;
