import { z } from 'zod';
import { SplitRule } from '../dataset.ts';
import { DatasetId, DefinitionId, ObjectRef, ProjectId, SchemaVersion } from '../identifiers.ts';

export const SaveDatasetInput = z.strictObject({
  schemaVersion: SchemaVersion,
  project: ProjectId,
  definitionId: DefinitionId,
  saveId: z.string().max(80).describe('execution name and id of the dataset-save record'),
  split: SplitRule,
  requestedBy: z.string(),
});
export type SaveDatasetInput = z.infer<typeof SaveDatasetInput>;

export const ReadCatalogueInput = SaveDatasetInput;
export const ReadCatalogueOutput = z.strictObject({
  catalogue: ObjectRef.describe(
    "JSON list of the project's ready cases with their resources, as they are now",
  ),
  cases: z.int(),
});
export const ResolveDatasetInput = z.strictObject({ ...SaveDatasetInput.shape, catalogue: ObjectRef });
export type ResolveDatasetInput = z.infer<typeof ResolveDatasetInput>;
export const ResolveDatasetOutput = z.strictObject({
  draft: ObjectRef.describe('JSON: DatasetManifest before its bytes were verified'),
  items: z.int(),
});
export const FreezeItemsInput = z.strictObject({ ...SaveDatasetInput.shape, draft: ObjectRef });
export type FreezeItemsInput = z.infer<typeof FreezeItemsInput>;
export const FreezeItemsOutput = z.strictObject({ verified: z.int(), sizeBytes: z.int() });
export const SaveManifestInput = z.strictObject({
  ...SaveDatasetInput.shape,
  draft: ObjectRef,
  sizeBytes: z.int(),
});
export type SaveManifestInput = z.infer<typeof SaveManifestInput>;
export const SaveManifestOutput = z.strictObject({
  datasetId: DatasetId,
  created: z.boolean().describe('false when the same dataset existed already'),
});
