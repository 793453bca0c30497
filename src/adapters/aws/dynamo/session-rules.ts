import type { SessionHint } from '../../../contracts/events.ts';
import { SCHEMA_VERSION, sessionRecordId } from '../../../contracts/identifiers.ts';
import type { RecordOf, SessionRecord } from '../../../contracts/records.ts';

/** Days for which a delivery id can have no second effect; afterwards case ids still make a repetition harmless. */
const DELIVERY_LIFETIME_DAYS = 30;

/** The session after a hint: a new generation, counted from its first attempt. */
export function raisedSession(current: SessionRecord | null, hint: SessionHint, now: string): SessionRecord {
  const base = current ?? newSession(hint, now);
  return {
    ...base,
    uploadManifestKey: hint.uploadManifestKey ?? base.uploadManifestKey,
    generation: base.generation + 1,
    attempt: 0,
  };
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
 * The session after its lease has ended, or null when `execution` does not hold it. An end without a finished
 * generation raises the attempt, because an execution's name cannot be used twice.
 */
export function releasedSession(
  current: SessionRecord,
  release: { execution: string; finishedGeneration: number | null },
): SessionRecord | null {
  if (current.lease?.execution !== release.execution) return null;
  const free = { ...current, state: 'idle', lease: null } as const;
  return release.finishedGeneration === null
    ? { ...free, attempt: current.attempt + 1 }
    : { ...free, preparedGeneration: Math.max(current.preparedGeneration, release.finishedGeneration) };
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
    uploadManifestKey: null,
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
