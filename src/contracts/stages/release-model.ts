import { z } from 'zod';
import {
  CheckpointId,
  ExportId,
  ModelId,
  ModelVersionId,
  ObjectKey,
  ProjectId,
  RunId,
  SchemaVersion,
} from '../identifiers.ts';

/** Input of the release-model state machine: promote a checkpoint, export a model version, or both. */
export const ReleaseModelInput = z.strictObject({
  schemaVersion: SchemaVersion,
  project: ProjectId,
  requestedBy: z.string(),
  promotion: z
    .strictObject({
      promotionId: z.string(),
      runId: RunId,
      checkpointId: CheckpointId,
      modelId: ModelId.describe('the promoted checkpoint becomes the next version of this model'),
    })
    .nullable(),
  export: z
    .strictObject({
      exportId: ExportId,
      modelVersionId: ModelVersionId.nullable().describe('null: the one just promoted'),
    })
    .nullable(),
});
export type ReleaseModelInput = z.infer<typeof ReleaseModelInput>;

export const PromoteModelInput = ReleaseModelInput;
export const PromoteModelOutput = z.strictObject({ modelVersionId: ModelVersionId });

export const PlanExportInput = z.strictObject({
  schemaVersion: SchemaVersion,
  project: ProjectId,
  exportId: ExportId,
  modelVersionId: ModelVersionId,
});
export type PlanExportInput = z.infer<typeof PlanExportInput>;
export const PlanExportOutput = z.strictObject({ specKey: ObjectKey, jobQueue: z.string() });

export const RegisterExportInput = PlanExportInput;
export const RegisterExportOutput = z.strictObject({ bundleKey: ObjectKey });
