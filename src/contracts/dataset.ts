import { z } from 'zod';
import {
  CaseId,
  DatasetId,
  DefinitionId,
  IsoTime,
  ObjectRef,
  ProjectId,
  SchemaVersion,
  SessionId,
  SpacingMm,
  SubjectId,
} from './identifiers.ts';

export const PARTITIONS = ['training', 'validation', 'test'] as const;
export const Partition = z.enum(PARTITIONS);
export type Partition = z.infer<typeof Partition>;

/** One class of a training problem. `index` is contiguous from 1 in ascending `maskValue`; 0 is background. */
export const RegionClass = z.strictObject({
  index: z.int().min(1).max(65535),
  maskValue: z
    .int()
    .min(1)
    .max(65535)
    .describe('value in the mask files, as region2MaskValueMap.txt gives it'),
  name: z.string().min(1).max(256).describe('region name; the identity by which model heads are matched'),
});
export type RegionClass = z.infer<typeof RegionClass>;

/** Regions of one case that nobody drew and nobody says are absent: no voxel of it tells anything about them. */
export const IgnoredValues = z
  .array(RegionClass.shape.maskValue)
  .describe(
    'mask values of the regions missing under policy `ignore`, ascending: in neither loss nor metrics',
  );

/** Matchers of one tag, as XNAT ML's TaggedResourceMap writes them; see docs/user-guide/datasets.md. */
const Matcher = z.union([z.string(), z.array(z.string()).min(1)]);
export const TaggedResource = z.strictObject({
  tag: z.string().min(1).max(64).optional(),
  SeriesDescription: Matcher.optional(),
  ResourceFormat: Matcher.optional(),
  ResourceContent: Matcher.optional(),
  ResourceLabel: Matcher.optional(),
});
export const TaggedResourceMap = z.record(z.string().min(1).max(64), TaggedResource);
export type TaggedResourceMap = z.infer<typeof TaggedResourceMap>;

/** Fractions of the subjects per partition; they add up to 1. */
export const SplitRule = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  training: z.number().min(0).max(1),
  validation: z.number().min(0).max(1),
  test: z.number().min(0).max(1),
});
export type SplitRule = z.infer<typeof SplitRule>;

export const DatasetItem = z.strictObject({
  caseId: CaseId,
  subject: SubjectId,
  session: SessionId,
  partition: Partition,
  files: z.record(z.string(), ObjectRef).describe('by tag: "image" and "label" in the usual case'),
  /** Absent where there are none, so that such a dataset keeps the id it always had. */
  ignoredValues: IgnoredValues.min(1).optional(),
});
export type DatasetItem = z.infer<typeof DatasetItem>;

/**
 * A frozen dataset. Its id is the digest of its canonical JSON, so the same cases, definition and split
 * give the same dataset, and nothing in it can change.
 */
export const DatasetManifest = z.strictObject({
  schemaVersion: SchemaVersion,
  project: ProjectId,
  definitionId: DefinitionId,
  criteria: TaggedResourceMap,
  split: SplitRule,
  classes: z.array(RegionClass).min(1),
  spacingMm: SpacingMm,
  units: z.string().describe('of the image values: HU, BQML, SUV, or "display"'),
  items: z.array(DatasetItem).min(1),
});
export type DatasetManifest = z.infer<typeof DatasetManifest>;

/** One miss of one session: which tag found nothing (or too much), and why. */
export const ValidationMiss = z.strictObject({
  tag: z.string(),
  reason: z.string(),
});

export const ValidationRow = z.strictObject({
  session: SessionId,
  subject: SubjectId,
  caseId: CaseId.nullable(),
  complete: z.boolean(),
  misses: z.array(ValidationMiss),
});

export const ValidationReport = z.strictObject({
  definitionId: DefinitionId,
  sessions: z.int(),
  complete: z.int(),
  subjects: z.int(),
  rows: z.array(ValidationRow),
  warnings: z.array(z.string()).describe('such as identical pixels under two subjects'),
});
export type ValidationReport = z.infer<typeof ValidationReport>;

export const DatasetSummary = z.strictObject({
  datasetId: DatasetId,
  items: z.int(),
  subjects: z.record(Partition, z.int()),
  createdAt: IsoTime,
});
