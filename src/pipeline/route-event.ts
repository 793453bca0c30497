import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { PipelineError } from '../contracts/errors.ts';
import { EventBridgeEnvelope, ObjectCreatedDetail, SessionHint } from '../contracts/events.ts';
import { sessionRecordId, UPLOAD_ARCHIVE_ID } from '../contracts/identifiers.ts';
import { parseIncomingManifestKey } from '../contracts/object-keys.ts';
import type { SessionRecord } from '../contracts/records.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { Ports } from '../ports/index.ts';
import { readUploadManifest, requireComplete } from './read-upload-manifest.ts';
import { isRefusal, recordRefusal } from './refuse-upload.ts';
import { type Preparation, startPreparation } from './start-preparation.ts';

type RoutePorts = Pick<Ports, 'records' | 'objects' | 'workflows' | 'hasher' | 'clock'>;

export interface RouteResult {
  /** `ignored`: not for us; `rejected`: an upload that cannot be taken, with a delivery record that says why. */
  readonly outcome: Preparation | 'ignored' | 'rejected';
  readonly cause: SessionHint['cause'] | null;
  readonly deliveryId: string | null;
}

/**
 * Turns one message of the hint queue into at most one execution for its session.
 *
 * An event is only a hint: it raises the session's generation once per delivery id; whoever holds the lease reads
 * the session as it is now and runs again when the generation has moved. Every step can be repeated, so that a
 * crash anywhere is healed by the message coming again.
 *
 * @param message - a {@link SessionHint}, or EventBridge's "Object Created" for an upload's manifest
 * @throws MalformedBody, UnknownSchemaVersion for a message that is neither, which then ends in the dead letters
 */
export async function routeEvent(message: unknown, ports: RoutePorts): Promise<RouteResult> {
  const event = EventBridgeEnvelope.safeParse(message);
  const hint = event.success ? await hintOfUpload(event.data, ports) : parseHint(message);
  if ('outcome' in hint) return hint;
  const session = await takeHint(hint, ports);
  const outcome = session ? await startPreparation(session, ports) : 'ignored';
  return { outcome, cause: hint.cause, deliveryId: hint.deliveryId };
}

function parseHint(message: unknown): SessionHint {
  const parsed = SessionHint.safeParse(message);
  if (parsed.success) return parsed.data;
  const version: unknown =
    typeof message === 'object' && message !== null ? Reflect.get(message, 'schemaVersion') : undefined;
  const newer = typeof version === 'number' && version > SCHEMA_VERSION;
  throw new PipelineError(
    newer ? 'UnknownSchemaVersion' : 'MalformedBody',
    newer
      ? `the hint has schema version ${version}, this release reads up to ${SCHEMA_VERSION}; update Contourflow`
      : `the message is no session hint: ${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')}`,
  );
}

/** A recovery does not tell of anything new: the generation stays, the next attempt at it is made. */
async function takeHint(hint: SessionHint, { records }: RoutePorts): Promise<SessionRecord | null> {
  const project = await records.get('project', hint.project, hint.project);
  if (project?.state !== 'active') return null;
  if (hint.cause === 'recovery') {
    return records.get('session', hint.project, sessionRecordId(hint.archiveId, hint.session));
  }
  return (await records.raiseGeneration(hint)).session;
}

async function hintOfUpload(
  event: z.infer<typeof EventBridgeEnvelope>,
  ports: RoutePorts,
): Promise<SessionHint | RouteResult> {
  const detail = ObjectCreatedDetail.safeParse(event.detail);
  const place = detail.success ? parseIncomingManifestKey(detail.data.object.key) : null;
  if (!detail.success || !place) return { outcome: 'ignored', cause: null, deliveryId: null };
  const { key } = detail.data.object;
  const writeId = writeIdOf(detail.data, ports);
  try {
    return await readUpload({ key, writeId, project: place.project }, ports);
  } catch (error) {
    if (!(error instanceof PipelineError) || !isRefusal(error.code)) throw error;
    return rejectUpload({ key, writeId, project: place.project }, error, ports);
  }
}

/**
 * Names one writing of the manifest, whatever it holds: S3 may tell of it twice, but a manifest that is written anew, with
 * the same content after a damaged file was sent again, is news.
 */
function writeIdOf({ object }: ObjectCreatedDetail, { hasher }: RoutePorts): string {
  const { key, etag = null, sequencer = null } = object;
  const version = object['version-id'] ?? null;
  return hasher.sha256(canonicalJson([key, version, etag, sequencer]));
}

interface ManifestWrite {
  readonly key: string;
  readonly project: string;
  readonly writeId: string;
}

async function readUpload({ key, project, writeId }: ManifestWrite, ports: RoutePorts): Promise<SessionHint> {
  const record = await ports.records.get('project', project, project);
  if (record?.state !== 'active') {
    throw new PipelineError(
      'NotFound',
      `there is no active project ${project}; create it, then upload again`,
    );
  }
  const manifest = await readUploadManifest(key, ports.objects);
  await requireComplete(key, manifest, ports.objects);
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'session-hint',
    deliveryId: `${UPLOAD_ARCHIVE_ID}:${writeId}`,
    cause: 'upload',
    archiveId: UPLOAD_ARCHIVE_ID,
    project,
    session: manifest.session,
    uploadManifestKey: key,
  };
}

async function rejectUpload(
  { key, project, writeId }: ManifestWrite,
  { code, message }: PipelineError,
  ports: RoutePorts,
): Promise<RouteResult> {
  const problem = { code, message, stage: 'RouteEvent' };
  const deliveryId = await recordRefusal({ project, uploadManifestKey: key, writeId, problem }, ports);
  return { outcome: 'rejected', cause: 'upload', deliveryId };
}
