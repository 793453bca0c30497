import { z } from 'zod';
import { CertificateThresholds } from '../certificate.ts';
import {
  ArchiveId,
  AssessorId,
  AutomationId,
  CaseId,
  DicomUid,
  ModelVersionId,
  ObjectKey,
  ObjectRef,
  ProjectId,
  ScanId,
  SchemaVersion,
  SessionId,
  Sha256,
  SpacingMm,
  SubjectId,
} from '../identifiers.ts';
import { LabelPolicies } from '../label-policy.ts';
import { Processing } from '../processing.ts';

/** A failure in words: what goes into a quarantined case. */
export const Problem = z.strictObject({
  code: z.string(),
  message: z.string(),
  stage: z.string(),
});
export type Problem = z.infer<typeof Problem>;

/** Input of the prepare-session state machine. */
export const PrepareSessionInput = z.strictObject({
  schemaVersion: SchemaVersion,
  archiveId: ArchiveId,
  project: ProjectId,
  session: SessionId,
  generation: z.int().min(1).describe('of the session when the execution was leased'),
  execution: z
    .string()
    .max(80)
    .describe('execution name: <digest>-g<generation>-a<attempt>; holder of the lease'),
  uploadManifestKey: ObjectKey.nullable(),
});
export type PrepareSessionInput = z.infer<typeof PrepareSessionInput>;

/** Who and what is being prepared; carried through every state. */
export const SessionContext = z.strictObject({
  archiveId: ArchiveId,
  project: ProjectId,
  subject: SubjectId,
  session: SessionId,
  generation: z.int(),
  execution: z.string(),
  uploadManifestKey: ObjectKey.nullable().default(null).describe('the upload that is being prepared'),
});
export type SessionContext = z.infer<typeof SessionContext>;

/** The automation as it stood when the scans were fetched; its digest is part of the case's identity. */
export const AutomationSnapshot = z.strictObject({
  automationId: AutomationId,
  version: z.int().min(1),
  modelVersionId: ModelVersionId,
  labelMap: ObjectRef,
  spacingMm: SpacingMm,
  policies: LabelPolicies,
  thresholds: CertificateThresholds.prefault({}),
  processing: Processing.prefault({}),
});
export type AutomationSnapshot = z.infer<typeof AutomationSnapshot>;

export const CaseTarget = z.strictObject({ caseId: CaseId, automation: AutomationSnapshot });
export type CaseTarget = z.infer<typeof CaseTarget>;

/** One contoured series of the session and the cases to make of it. */
export const SeriesTarget = z.strictObject({
  seriesUid: DicomUid.nullable().describe('null when no series of the session is referenced'),
  scanId: ScanId.nullable(),
  seriesDescription: z.string().max(256),
  modality: z.string().max(16),
  slices: ObjectRef.nullable().describe('JSON list of ObjectRef, one per DICOM file'),
  voxelCount: z.int().nonnegative().describe('rows x columns x frames of all files: decides Lambda or Batch'),
  roi: z.strictObject({
    assessorId: AssessorId,
    collectionType: z.enum(['RTSTRUCT', 'AIM', 'SEG']),
    savedAt: z.string().describe('XNAT insert_date or upload time; the newer collection supersedes'),
    content: ObjectRef.describe('the file that the mask is made of'),
    companion: ObjectRef.nullable()
      .default(null)
      .describe('the AIM that the RTSTRUCT was derived from; compared with it, never drawn'),
  }),
  cases: z.array(CaseTarget).min(1),
  problem: Problem.nullable().describe(
    'set when the scans could not be fetched as asked: straight to quarantine',
  ),
});
export type SeriesTarget = z.infer<typeof SeriesTarget>;

export const FetchScansInput = PrepareSessionInput;
export const FetchScansOutput = z.strictObject({
  session: SessionContext,
  targets: z.array(SeriesTarget),
});
export type FetchScansOutput = z.infer<typeof FetchScansOutput>;

const Work = { session: SessionContext };

export const ConvertSeriesInput = z.strictObject({
  ...Work,
  seriesUid: DicomUid,
  slices: ObjectRef,
  roi: SeriesTarget.shape.roi.describe('says which volume is meant where the series holds several'),
});
export type ConvertSeriesInput = z.infer<typeof ConvertSeriesInput>;
export const ConvertSeriesOutput = z.strictObject({
  image: ObjectRef.describe('native volume, NIfTI-1 .nii.gz'),
  geometry: ObjectRef.describe('JSON: grid, acquired images on it, irregularity, unit, rejected slices'),
  sizeIjk: z.tuple([z.int(), z.int(), z.int()]),
  spacingMm: SpacingMm,
  units: z.string(),
});
export type ConvertSeriesOutput = z.infer<typeof ConvertSeriesOutput>;

export const BuildMaskInput = z.strictObject({
  ...Work,
  seriesUid: DicomUid,
  roi: SeriesTarget.shape.roi,
  converted: ConvertSeriesOutput,
  case: CaseTarget,
});
export type BuildMaskInput = z.infer<typeof BuildMaskInput>;
export const BuildMaskOutput = z.strictObject({
  mask: ObjectRef.describe("native label map, NIfTI-1 .nii.gz, the label map's own values"),
  report: ObjectRef.describe('JSON: regions, overlaps, unmapped, missing, warnings'),
});
export type BuildMaskOutput = z.infer<typeof BuildMaskOutput>;

export const ResampleVolumeInput = z.strictObject({
  ...Work,
  converted: ConvertSeriesOutput,
  built: BuildMaskOutput,
  case: CaseTarget,
});
export type ResampleVolumeInput = z.infer<typeof ResampleVolumeInput>;
export const ResampleVolumeOutput = z.strictObject({
  image: ObjectRef,
  mask: ObjectRef,
  report: ObjectRef.describe('JSON: model geometry, voxels and volume per region'),
});
export type ResampleVolumeOutput = z.infer<typeof ResampleVolumeOutput>;

export const CertifyCaseInput = z.strictObject({
  ...Work,
  seriesUid: DicomUid,
  slices: ObjectRef,
  roi: SeriesTarget.shape.roi,
  converted: ConvertSeriesOutput,
  built: BuildMaskOutput,
  resampled: ResampleVolumeOutput,
  case: CaseTarget,
});
export type CertifyCaseInput = z.infer<typeof CertifyCaseInput>;
export const CertifyCaseOutput = z.strictObject({
  certificate: ObjectRef,
  qa: ObjectRef.nullable()
    .default(null)
    .describe('PNG: planes through each region with its outline; null where nothing can be shown'),
  outcome: z.enum(['ready', 'needs-review']),
  reasons: z.array(z.string()),
});
export type CertifyCaseOutput = z.infer<typeof CertifyCaseOutput>;

/** A file of a case as XNAT ML's dataset criteria see it. */
export const CaseResource = z.strictObject({
  label: z.string(),
  format: z.enum(['NIFTI', 'JSON', 'PNG']),
  content: z.enum(['IMAGE', 'MASK', 'IMAGE_NATIVE', 'MASK_NATIVE', 'CERTIFICATE', 'QA']),
  fileName: z.string(),
  object: ObjectRef,
});
export type CaseResource = z.infer<typeof CaseResource>;

export const FinishedCase = z.strictObject({
  ...Work,
  seriesUid: DicomUid,
  scanId: ScanId.nullable(),
  seriesDescription: z.string(),
  modality: z.string(),
  roi: SeriesTarget.shape.roi,
  converted: ConvertSeriesOutput,
  built: BuildMaskOutput,
  resampled: ResampleVolumeOutput,
  certified: CertifyCaseOutput,
  case: CaseTarget,
});
export type FinishedCase = z.infer<typeof FinishedCase>;

export const PublishResourcesInput = FinishedCase;
export const PublishResourcesOutput = z.strictObject({
  resources: z.array(CaseResource),
  publishedTo: z.string().nullable().describe('scan URI in XNAT, or null for an upload'),
});
export type PublishResourcesOutput = z.infer<typeof PublishResourcesOutput>;

export const RegisterCaseInput = z.strictObject({ ...FinishedCase.shape, published: PublishResourcesOutput });
export type RegisterCaseInput = z.infer<typeof RegisterCaseInput>;
export const RegisterCaseOutput = z.strictObject({
  caseId: CaseId,
  state: z.enum(['ready', 'needs-review', 'superseded']),
  supersedes: z.array(CaseId),
});
export type RegisterCaseOutput = z.infer<typeof RegisterCaseOutput>;

export const QuarantineCaseInput = z.strictObject({
  ...Work,
  seriesUid: DicomUid.nullable(),
  scanId: ScanId.nullable(),
  seriesDescription: z.string(),
  modality: z.string(),
  roi: SeriesTarget.shape.roi,
  cases: z.array(CaseTarget).min(1),
  stage: z.string().describe('the state that failed, PascalCase'),
  error: z.string().describe('error name as Step Functions gives it'),
  cause: z.string().describe('cause as Step Functions gives it: JSON of errorType and errorMessage, or text'),
});
export type QuarantineCaseInput = z.infer<typeof QuarantineCaseInput>;
export const QuarantineCaseOutput = z.strictObject({ caseIds: z.array(CaseId), problem: Problem });

export const ReleaseSessionInput = z.strictObject({
  archiveId: ArchiveId,
  project: ProjectId,
  session: SessionId,
  generation: z.int(),
  execution: z.string(),
  uploadManifestKey: ObjectKey.nullable().default(null),
  failure: z
    .strictObject({ stage: z.string(), error: z.string(), cause: z.string() })
    .nullable()
    .default(null)
    .describe('why the session could not be prepared: it stays due, for another attempt'),
});
export type ReleaseSessionInput = z.infer<typeof ReleaseSessionInput>;
export const ReleaseSessionOutput = z.strictObject({
  again: z.boolean().describe('the session changed meanwhile: run once more with `next`'),
  next: PrepareSessionInput.nullable(),
});
export type ReleaseSessionOutput = z.infer<typeof ReleaseSessionOutput>;

/** JSON beside a case's native volume: what later stages need to know of the series. */
export const SlicesList = z.array(ObjectRef);
export const IdentityDigest = Sha256;
