import type { SessionHint } from '../../../contracts/events.ts';
import { sessionRecordId } from '../../../contracts/identifiers.ts';
import type { RecordOf, SessionRecord, SessionUpload } from '../../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../../contracts/schema-version.ts';
import type { PreparedPass } from '../../../ports/index.ts';

/** Days for which a delivery id can have no second effect; afterwards case ids still make a repetition harmless. */
const DELIVERY_LIFETIME_DAYS = 30;
/** Prepared uploads that a session still knows, so that it can be prepared again. */
const UPLOADS_REMEMBERED = 50;

/**
 * The session after a hint: a new generation, counted from its first attempt. An upload joins those that wait: events
 * come in any order and while others are prepared, so none may take another's place.
 */
export function raisedSession(current: SessionRecord | null, hint: SessionHint, now: string): SessionRecord {
  const base = current ?? newSession(hint, now);
  return {
    ...base,
    uploads: withUpload(base.uploads, hint.uploadManifestKey, base.generation + 1),
    generation: base.generation + 1,
    attempt: 0,
  };
}

function withUpload(
  uploads: readonly SessionUpload[],
  manifestKey: string | null,
  generation: number,
): SessionUpload[] {
  if (manifestKey === null) return [...uploads];
  const others = uploads.filter((upload) => upload.manifestKey !== manifestKey);
  return [...others, { manifestKey, generation, pending: true }];
}

export function acceptedDelivery(hint: SessionHint, now: string): RecordOf<'delivery'> {
  return {
    schemaVersion: SCHEMA_VERSION,
    entity: 'delivery',
    project: hint.project,
    id: hint.deliveryId,
    state: 'accepted',
    cause: hint.cause,
    session: sessionRecordId(hint.archiveId, hint.session),
    uploadManifestKey: hint.uploadManifestKey,
    problem: null,
    expiresAt: Math.floor(Date.parse(now) / 1000) + DELIVERY_LIFETIME_DAYS * 86_400,
    revision: 1,
    createdAt: now,
    updatedAt: now,
  };
}

/**
 * The session leased to `execution`, or null when it must not be: another execution holds it, its newest generation
 * is prepared already, or generation or attempt have moved since the execution was named, so that one of this name may
 * be over. The holder itself may ask again (a redelivered message).
 */
export function leasedSession(
  current: SessionRecord,
  lease: { execution: string; generation: number; attempt: number; now: string; expiresAt: string },
): SessionRecord | null {
  const { execution, generation, attempt, now, expiresAt } = lease;
  const held = current.lease !== null && current.lease.expiresAt > now;
  const isHolder = held && current.lease?.execution === execution;
  if (held && !isHolder) return null;
  if (current.preparedGeneration >= generation || current.generation < generation) return null;
  if (!isHolder && (current.generation !== generation || current.attempt !== attempt)) return null;
  return { ...current, state: 'leased', lease: { execution, generation, expiresAt } };
}

/**
 * The session after a pass of its holder has ended, or null when `execution` does not hold it. An end without a finished
 * generation raises the attempt, because an execution's name cannot be used twice.
 *
 * A generation is prepared when no upload waits any more. Where the pass was told of, and something came that it has not
 * seen, the holder keeps the lease for it: in one write, because a crash between two would leave the rest to nobody.
 */
export function releasedSession(
  current: SessionRecord,
  release: { execution: string; finishedGeneration: number | null; pass?: PreparedPass | undefined },
): SessionRecord | null {
  const { execution, finishedGeneration, pass } = release;
  if (current.lease?.execution !== execution) return null;
  const failed = finishedGeneration === null;
  const uploads = pass ? afterPass(current.uploads, pass, failed) : current.uploads;
  const prepared = failed || uploads.some(({ pending }) => pending) ? 0 : finishedGeneration;
  const ended = {
    ...current,
    uploads,
    preparedGeneration: Math.max(current.preparedGeneration, prepared),
    attempt: failed ? current.attempt + 1 : current.attempt,
  };
  const { generation } = current;
  const isDue = failed
    ? pass !== undefined && generation > pass.generation
    : ended.preparedGeneration < generation;
  return pass && isDue
    ? { ...ended, lease: { execution, generation, expiresAt: pass.keepUntil } }
    : { ...ended, state: 'idle', lease: null };
}

/**
 * The upload that was read waits no longer, unless it was written again meanwhile; one that failed lets the others go
 * first.
 */
function afterPass(
  uploads: readonly SessionUpload[],
  { uploadManifestKey, generation }: PreparedPass,
  failed: boolean,
): SessionUpload[] {
  const read = uploads.find(
    (upload) => upload.manifestKey === uploadManifestKey && upload.generation <= generation,
  );
  if (!read?.pending) return [...uploads];
  const others = uploads.filter((upload) => upload !== read);
  if (failed) return [...others, read];
  const waiting = others.filter(({ pending }) => pending);
  const done = [...others.filter(({ pending }) => !pending), { ...read, pending: false }];
  return [...done.slice(-UPLOADS_REMEMBERED), ...waiting];
}

function newSession(hint: SessionHint, now: string): SessionRecord {
  return {
    schemaVersion: SCHEMA_VERSION,
    entity: 'session',
    project: hint.project,
    id: sessionRecordId(hint.archiveId, hint.session),
    state: 'idle',
    archiveId: hint.archiveId,
    session: hint.session,
    uploads: [],
    generation: 0,
    preparedGeneration: 0,
    attempt: 0,
    lease: null,
    fingerprint: null,
    revision: 0,
    createdAt: now,
    updatedAt: now,
  };
}
