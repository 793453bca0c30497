import { SCHEMA_VERSION } from '../contracts/identifiers.ts';
import type { SessionRecord } from '../contracts/records.ts';
import type { PrepareSessionInput } from '../contracts/stages/prepare-session.ts';
import type { Hasher, Ports } from '../ports/index.ts';

/**
 * A lease outlasts its execution (one day at most), so that two never run at once by the clock alone; an execution
 * that died without giving its lease back is found by its status, long before.
 */
const LEASE_HOURS = 25;
const DIGEST_CHARACTERS = 32;

export type Preparation = 'started' | 'held' | 'prepared';

/** `<digest of the session>-g<generation>-a<attempt>`: at most 80 characters, and the same for the same work. */
export function executionName(session: SessionRecord, hasher: Hasher): string {
  const identity = `${session.archiveId}/${session.project}/${session.session}`;
  const digest = hasher.sha256(identity).slice(0, DIGEST_CHARACTERS);
  return `${digest}-g${session.generation}-a${session.attempt + 1}`;
}

export function leaseUntil(now: Date): string {
  return new Date(now.getTime() + LEASE_HOURS * 3_600_000).toISOString();
}

/**
 * Starts prepare-session for the session's newest generation, unless somebody is at it or it is done.
 *
 * Safe to repeat: the lease goes to one execution name only, and starting a name twice is one start. When the start
 * fails, a lease that was taken here is given back, which raises the attempt. A crash between lease and start is
 * healed by whoever comes next, also when a newer hint has raised the generation meanwhile: it starts the holder.
 */
export async function startPreparation(
  session: SessionRecord,
  { records, workflows, hasher, clock }: Pick<Ports, 'records' | 'workflows' | 'hasher' | 'clock'>,
): Promise<Preparation> {
  if (session.preparedGeneration >= session.generation) return 'prepared';
  const { project, generation, id: sessionRecordId } = session;
  const execution = executionName(session, hasher);
  const now = clock.now();
  const expiresAt = leaseUntil(now);
  const lease = { project, sessionRecordId, execution, generation, now: now.toISOString(), expiresAt };
  if (!(await records.leaseSession(lease))) {
    await startHolder(session, execution, workflows);
    return 'held';
  }
  try {
    await workflows.start('prepare-session', execution, preparationInput(session, execution));
    return 'started';
  } catch (error) {
    if (session.lease?.execution !== execution) {
      await records.releaseSession({ project, sessionRecordId, execution, finishedGeneration: null });
    }
    throw error;
  }
}

/** Nothing happens when the holder runs or has run, as its name can be used only once. */
async function startHolder(
  session: SessionRecord,
  execution: string,
  workflows: Ports['workflows'],
): Promise<void> {
  const { lease } = session;
  if (!lease || lease.execution === execution) return;
  const input = preparationInput({ ...session, generation: lease.generation }, lease.execution);
  await workflows.start('prepare-session', lease.execution, input);
}

export function preparationInput(session: SessionRecord, execution: string): PrepareSessionInput {
  return {
    schemaVersion: SCHEMA_VERSION,
    archiveId: session.archiveId,
    project: session.project,
    session: session.session,
    generation: session.generation,
    execution,
    uploadManifestKey: session.uploadManifestKey,
  };
}
