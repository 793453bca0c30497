import { z } from 'zod';
import { RegionClass } from './dataset.ts';
import {
  CheckpointId,
  DatasetId,
  IsoTime,
  ModelVersionId,
  ObjectKey,
  ObjectRef,
  ProjectId,
  RunId,
  SchemaVersion,
  Sha256,
  SpacingMm,
} from './identifiers.ts';

/**
 * The networks the MONAI engine accepts, each with the arguments it takes as plain numbers.
 * A bundle's `network_def` is read into this form; nothing else of a user's configuration reaches the trainer.
 */
const Channels = z.array(z.int().min(1).max(1024)).min(2).max(8);
export const NetworkDefinition = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('UNet'),
    channels: Channels,
    strides: z.array(z.int().min(1).max(4)).min(1).max(7),
    numResUnits: z.int().min(0).max(4),
    norm: z.enum(['instance', 'batch']),
    dropout: z.number().min(0).max(0.9).default(0),
  }),
  z.strictObject({
    name: z.literal('SegResNet'),
    initFilters: z.int().min(4).max(128),
    blocksDown: z.array(z.int().min(1).max(8)).min(2).max(6),
    blocksUp: z.array(z.int().min(1).max(8)).min(1).max(5),
  }),
]);
export type NetworkDefinition = z.infer<typeof NetworkDefinition>;

/** How the images reach the network: the same in training, evaluation, prediction and export. */
export const Preprocessing = z.strictObject({
  spacingMm: SpacingMm.describe('voxel spacing the network works at'),
  intensity: z.strictObject({
    lower: z.number().describe('real-world value mapped to 0 (HU for CT)'),
    upper: z.number().describe('real-world value mapped to 1; values outside are clipped'),
  }),
  patchSize: z.tuple([z.int().min(8), z.int().min(8), z.int().min(8)]).describe('voxels i, j, k'),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

/** What a person may set; a training config bakes some in and leaves others to the launch. */
export const TrainingParameters = z.strictObject({
  maxEpochs: z.int().min(1).max(10_000).default(40),
  validationInterval: z.int().min(1).max(1_000).default(8).describe('epochs between validations'),
  learningRate: z.number().positive().max(1).default(0.01),
  weightDecay: z.number().min(0).max(1).default(0.00001),
  batchSize: z.int().min(1).max(64).default(2),
  patchesPerVolume: z.int().min(1).max(64).default(2),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
  amp: z.boolean().default(false).describe('automatic mixed precision; ignored without a GPU'),
});
export type TrainingParameters = z.infer<typeof TrainingParameters>;

/**
 * Some of the parameters, without defaults: what is not baked in stays open. (`TrainingParameters.partial()`
 * would fill in every default.)
 */
export const BakedInParameters = z.strictObject({
  maxEpochs: TrainingParameters.shape.maxEpochs.unwrap().optional(),
  validationInterval: TrainingParameters.shape.validationInterval.unwrap().optional(),
  learningRate: TrainingParameters.shape.learningRate.unwrap().optional(),
  weightDecay: TrainingParameters.shape.weightDecay.unwrap().optional(),
  batchSize: TrainingParameters.shape.batchSize.unwrap().optional(),
  patchesPerVolume: TrainingParameters.shape.patchesPerVolume.unwrap().optional(),
  seed: TrainingParameters.shape.seed.unwrap().optional(),
  amp: TrainingParameters.shape.amp.unwrap().optional(),
});
export type BakedInParameters = z.infer<typeof BakedInParameters>;

/** Weights a run starts from. Its classes tell which head belongs to which region. */
export const InitialWeights = z.strictObject({
  modelVersionId: ModelVersionId,
  weights: ObjectRef,
  classes: z.array(RegionClass),
});

const SpecBase = {
  schemaVersion: SchemaVersion,
  project: ProjectId,
  runId: RunId,
  datasetId: DatasetId,
  manifest: ObjectRef.describe('dataset manifest'),
  imageTag: z.string().default('image'),
  labelTag: z.string().default('label'),
  classes: z.array(RegionClass).min(1),
  network: NetworkDefinition,
  preprocessing: Preprocessing,
};

/** `projects/{p}/runs/{run}/spec.json`: everything `trainer train` needs, written once by PlanRun. */
export const TrainingSpec = z.strictObject({
  ...SpecBase,
  kind: z.literal('train'),
  engine: z.literal('monai'),
  parameters: TrainingParameters,
  initialWeights: InitialWeights.nullable(),
  outputPrefix: ObjectKey.describe(
    'ends with "/": checkpoints/, tensorboard/, metrics.jsonl, result.json below it',
  ),
});
export type TrainingSpec = z.infer<typeof TrainingSpec>;

/** `.../runs/{run}/evaluation/spec.json`: `trainer evaluate`, the one look at the locked test partition. */
export const EvaluationSpec = z.strictObject({
  ...SpecBase,
  kind: z.literal('evaluate'),
  candidates: z
    .array(
      z.strictObject({
        candidateId: z.string().describe('a checkpoint id, or the model version the run started from'),
        weights: ObjectRef,
        classes: z.array(RegionClass),
      }),
    )
    .min(1),
  outputKey: ObjectKey,
});
export type EvaluationSpec = z.infer<typeof EvaluationSpec>;

/** `projects/{p}/exports/{export}/spec.json`: `trainer export`, a MONAI bundle zip with a parity test. */
export const ExportSpec = z.strictObject({
  schemaVersion: SchemaVersion,
  kind: z.literal('export'),
  project: ProjectId,
  modelVersionId: ModelVersionId,
  weights: ObjectRef,
  classes: z.array(RegionClass).min(1),
  network: NetworkDefinition,
  preprocessing: Preprocessing,
  modelCard: z.record(z.string(), z.unknown()),
  outputPrefix: ObjectKey.describe('ends with "/": bundle.zip and result.json below it'),
});
export type ExportSpec = z.infer<typeof ExportSpec>;

export const CheckpointFile = z.strictObject({
  checkpointId: CheckpointId,
  role: z.enum(['best', 'last', 'periodic']),
  epoch: z.int().min(0),
  validationDice: z.number().nullable(),
  weights: ObjectRef,
});

/** `result.json` of a finished training: written last, so its presence means that the rest is complete. */
export const TrainingResult = z.strictObject({
  schemaVersion: SchemaVersion,
  runId: RunId,
  specSha256: Sha256,
  finishedAt: IsoTime,
  epochs: z.int(),
  iterations: z.int(),
  resumes: z.int().describe('how often the run was stopped and continued'),
  bestValidationDice: z.number(),
  bestEpoch: z.int(),
  cpuSeconds: z.number().describe('user + system of the trainer, all attempts'),
  wallSeconds: z.number().describe('of training itself, all attempts'),
  device: z.string(),
  versions: z.record(z.string(), z.string()),
  checkpoints: z.array(CheckpointFile).min(1),
});
export type TrainingResult = z.infer<typeof TrainingResult>;

/** Dice of one region over the evaluated cases; both empty is null, one empty is 0. */
export const RegionScore = z.strictObject({
  name: z.string(),
  maskValue: z.int(),
  meanDice: z.number().nullable(),
  ignoredCases: z
    .int()
    .min(0)
    .default(0)
    .describe('cases left out because nobody drew the region there and nobody says it is absent'),
  cases: z.array(z.strictObject({ caseId: z.string(), dice: z.number().nullable() })),
});

export const EvaluationResult = z.strictObject({
  schemaVersion: SchemaVersion,
  runId: RunId,
  datasetId: DatasetId,
  partition: z.literal('test'),
  finishedAt: IsoTime,
  cpuSeconds: z.number(),
  candidates: z.array(
    z.strictObject({
      candidateId: z.string(),
      meanDice: z.number().nullable(),
      regions: z.array(RegionScore),
    }),
  ),
});
export type EvaluationResult = z.infer<typeof EvaluationResult>;

export const ExportResult = z.strictObject({
  schemaVersion: SchemaVersion,
  modelVersionId: ModelVersionId,
  finishedAt: IsoTime,
  bundle: ObjectRef,
  parityMaxDifference: z
    .number()
    .describe('largest absolute difference of the logits, bundle against source'),
});
export type ExportResult = z.infer<typeof ExportResult>;

/** One line of `metrics.jsonl`, for live curves. */
export const MetricLine = z.strictObject({
  time: IsoTime,
  epoch: z.int(),
  iteration: z.int(),
  name: z.string().describe('train_loss, val_mean_dice, learning_rate'),
  value: z.number(),
});
export type MetricLine = z.infer<typeof MetricLine>;

/** What the credentials broker answers a job; the job's own role can do nothing else. */
export const BrokerRequest = z.strictObject({
  schemaVersion: SchemaVersion,
  jobId: z.string().min(1).max(128),
});
export const BrokerResponse = z.strictObject({
  schemaVersion: SchemaVersion,
  bucket: z.string(),
  readPrefixes: z.array(z.string()),
  writePrefixes: z.array(z.string()),
  credentials: z.strictObject({
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string(),
    expiration: IsoTime,
  }),
});
export type BrokerResponse = z.infer<typeof BrokerResponse>;
