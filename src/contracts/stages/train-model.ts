import { z } from 'zod';
import { ObjectKey, ProjectId, RunId, SchemaVersion } from '../identifiers.ts';

/** Input of the train-model state machine; the run record holds the rest. */
export const TrainModelInput = z.strictObject({
  schemaVersion: SchemaVersion,
  project: ProjectId,
  runId: RunId,
});
export type TrainModelInput = z.infer<typeof TrainModelInput>;

export const PlanRunInput = TrainModelInput;
export const PlanRunOutput = z.strictObject({
  specKey: ObjectKey,
  evaluationSpecKey: ObjectKey,
  jobQueue: z.string().describe('ARN'),
  timeoutSeconds: z.int().min(60),
  vcpus: z.string(),
  memoryMib: z.string(),
  gpus: z.int().min(0),
});
export type PlanRunOutput = z.infer<typeof PlanRunOutput>;

export const CollectResultsInput = TrainModelInput;
export const CollectResultsOutput = z.strictObject({
  checkpoints: z.int(),
  bestValidationDice: z.number(),
});

export const NotifyRunInput = TrainModelInput;
export const NotifyRunOutput = z.strictObject({ testMeanDice: z.number().nullable() });

/** SQS batches in, failures of single messages out. */
export const TrackRunOutput = z.strictObject({
  batchItemFailures: z.array(z.strictObject({ itemIdentifier: z.string() })),
});
