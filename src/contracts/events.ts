import { z } from 'zod';
import {
  ArchiveId,
  AssessorId,
  DicomUid,
  ObjectKey,
  ProjectId,
  SchemaVersion,
  SessionId,
  Sha256,
  SubjectId,
} from './identifiers.ts';

/** Body of the signed webhook that XNAT's side sends. It names things and never carries a URL. */
export const WebhookBody = z.strictObject({
  schemaVersion: SchemaVersion,
  kind: z.enum(['roi', 'session']),
  archiveId: ArchiveId,
  project: ProjectId,
  session: SessionId,
  assessor: AssessorId.optional(),
  eventId: z.string().max(128).optional(),
});
export type WebhookBody = z.infer<typeof WebhookBody>;

export const WEBHOOK_MAX_BYTES = 64 * 1024;
export const WEBHOOK_TOLERANCE_SECONDS = 300;

/** A hint that a session may have changed; the message in the events queue. Never more than a hint. */
export const SessionHint = z.strictObject({
  schemaVersion: SchemaVersion,
  kind: z.literal('session-hint'),
  /** Same id, same hint: the second has no effect. */
  deliveryId: z.string().min(1).max(200),
  cause: z.enum(['webhook', 'poll', 'upload', 'retry', 'recovery']),
  archiveId: ArchiveId,
  project: ProjectId,
  session: SessionId,
  /** Set when the session's files lie in `incoming/` instead of an XNAT. */
  uploadManifestKey: ObjectKey.nullable(),
});
export type SessionHint = z.infer<typeof SessionHint>;

/** `_COMPLETE.json`: lists every file of an upload; written last. Keys are relative to the manifest's folder. */
export const UploadManifest = z.strictObject({
  schemaVersion: SchemaVersion,
  subject: SubjectId,
  session: SessionId,
  images: z
    .array(z.strictObject({ key: z.string().min(1).max(512), sha256: Sha256 }))
    .min(1)
    .max(20_000),
  structures: z.array(z.strictObject({ key: z.string().min(1).max(512), sha256: Sha256 })).max(100),
});
export type UploadManifest = z.infer<typeof UploadManifest>;

/** The parts of an EventBridge event that we read; `detail` is parsed by kind. */
export const EventBridgeEnvelope = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  time: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

export const ObjectCreatedDetail = z.object({
  bucket: z.object({ name: z.string() }),
  object: z.object({
    key: z.string(),
    'version-id': z.string().nullish(),
    etag: z.string().nullish(),
    sequencer: z.string().nullish(),
  }),
});
export type ObjectCreatedDetail = z.infer<typeof ObjectCreatedDetail>;

export const ExecutionStatusDetail = z.object({
  executionArn: z.string(),
  stateMachineArn: z.string(),
  name: z.string(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']),
  input: z.string().nullish(),
  output: z.string().nullish(),
  error: z.string().nullish(),
  cause: z.string().nullish(),
  startDate: z.number().nullish(),
  stopDate: z.number().nullish(),
});
export type ExecutionStatusDetail = z.infer<typeof ExecutionStatusDetail>;

export const BatchJobDetail = z.object({
  jobId: z.string(),
  jobName: z.string(),
  jobQueue: z.string(),
  status: z.enum(['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED']),
  statusReason: z.string().nullish(),
  parameters: z.record(z.string(), z.string()).nullish(),
  attempts: z.array(z.record(z.string(), z.unknown())).nullish(),
  container: z.object({ exitCode: z.int().nullish(), logStreamName: z.string().nullish() }).nullish(),
});
export type BatchJobDetail = z.infer<typeof BatchJobDetail>;

/** What Notify puts on the default bus, for anyone who wants to hear of finished runs. */
export const EVENT_SOURCE = 'contourflow';
export const RunFinishedEvent = z.strictObject({
  schemaVersion: SchemaVersion,
  project: ProjectId,
  runId: z.string(),
  bestValidationDice: z.number(),
  testMeanDice: z.number().nullable(),
});

export const SeriesUidList = z.array(DicomUid);
