import { z } from 'zod';
import { SCHEMA_VERSION } from './schema-version.ts';

/**
 * Identifiers. XNAT ids and digests only: nothing here may hold a patient's name, label or date of birth,
 * because identifiers end up in object keys, logs, metrics and messages.
 */
const safeId = (what: string) =>
  z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, `${what}: letters, digits, "_", "-" and "." only, at most 64`);

export const SchemaVersion = z.literal(SCHEMA_VERSION);

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 lower-case hexadecimal digits');
export type Sha256 = z.infer<typeof Sha256>;

/** XNAT project id (`/data/projects/{ID}`); the tenant boundary of every key and query. */
export const ProjectId = safeId('project');
export type ProjectId = z.infer<typeof ProjectId>;
/** A configured XNAT (`xnat`), or `upload` for plain S3 uploads. */
export const ArchiveId = safeId('archive');
export type ArchiveId = z.infer<typeof ArchiveId>;
export const UPLOAD_ARCHIVE_ID = 'upload';
/** XNAT accession number of a session (`XNAT_E00042`), or the upload's session id. */
export const SessionId = safeId('session');
export type SessionId = z.infer<typeof SessionId>;
/** Id of a session's record: one per archive and session. */
export function sessionRecordId(archiveId: ArchiveId, session: SessionId): string {
  return `${archiveId}:${session}`;
}
/** XNAT accession number of a subject (`XNAT_S00017`), or the upload's subject id. */
export const SubjectId = safeId('subject');
export type SubjectId = z.infer<typeof SubjectId>;
export const ScanId = safeId('scan');
export type ScanId = z.infer<typeof ScanId>;
export const AssessorId = safeId('assessor');
export type AssessorId = z.infer<typeof AssessorId>;

/** DICOM UI value: SeriesInstanceUID (0020,000E) and its kin. */
export const DicomUid = z
  .string()
  .max(64)
  .regex(/^[0-9]+(\.[0-9]+)*$/, 'a DICOM UID: digits and dots, at most 64');
export type DicomUid = z.infer<typeof DicomUid>;

/** Ids that we make: 26 lower-case base-32 characters, sortable by time; or digests. */
export const AutomationId = safeId('automation');
export type AutomationId = z.infer<typeof AutomationId>;
export const ModelId = safeId('model');
export type ModelId = z.infer<typeof ModelId>;
/** `<modelId>.v<number>` */
export const ModelVersionId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}\.v[0-9]{1,6}$/, '<model>.v<number>');
export type ModelVersionId = z.infer<typeof ModelVersionId>;
/** First 32 hexadecimal digits of the case's identity digest. */
export const CaseId = z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits');
export type CaseId = z.infer<typeof CaseId>;
export const DefinitionId = safeId('dataset definition');
/** First 32 hexadecimal digits of the SHA-256 of the manifest. */
export const DatasetId = z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits');
export type DatasetId = z.infer<typeof DatasetId>;
export const TrainingConfigId = safeId('training config');
export const RunId = safeId('run');
export type RunId = z.infer<typeof RunId>;
export const CheckpointId = safeId('checkpoint');
export const ExportId = safeId('export');
export const UserId = z.string().min(1).max(128);

/** Key of an object in the data bucket; made only by `object-keys.ts`. */
export const ObjectKey = z.string().min(1).max(900);
export type ObjectKey = z.infer<typeof ObjectKey>;

export const IsoTime = z.iso.datetime();

/** An immutable object: where it is and what it must contain. */
export const ObjectRef = z.strictObject({
  key: ObjectKey,
  sha256: Sha256,
  sizeBytes: z.int().nonnegative(),
});
export type ObjectRef = z.infer<typeof ObjectRef>;

/** Voxel spacing along i (columns), j (rows), k (slices), in millimetres. */
export const SpacingMm = z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]);
export type SpacingMm = z.infer<typeof SpacingMm>;
