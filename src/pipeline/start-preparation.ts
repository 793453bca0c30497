import type { SessionRecord } from '../contracts/records.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { PrepareSessionInput } from '../contracts/stages/prepare-session.ts';
import type { Hasher, Ports } from '../ports/index.ts';

/**
 * A lease outlasts its execution (one day at most), so that two never run at once by the clock alone; an execution
 * that died without giving its lease back is found by its status, long before.
 */
const LEASE_HOURS = 25;
const DIGEST_CHARACTERS = 32;

type StartPorts = Pick<Ports, 'records' | 'workflows' | 'hasher' | 'clock'>;

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
export async function startPreparation(session: SessionRecord, ports: StartPorts): Promise<Preparation> {
  const { records, workflows, hasher, clock } = ports;
  if (session.preparedGeneration >= session.generation) return 'prepared';
  const { project, generation, attempt, id: sessionRecordId } = session;
  const execution = executionName(session, hasher);
  const now = clock.now();
  const expiresAt = leaseUntil(now);
  const at = { project, sessionRecordId, execution };
  if (!(await records.leaseSession({ ...at, generation, attempt, now: now.toISOString(), expiresAt }))) {
    return refused(session, ports);
  }
  try {
    await workflows.start('prepare-session', execution, preparationInput(session, execution));
    return 'started';
  } catch (error) {
    if (session.lease?.execution !== execution) {
      await records.releaseSession({ ...at, finishedGeneration: null });
    }
    throw error;
  }
}

/**
 * The session is held, or has changed since it was read: then the lease is asked for once more, for what is there now.
 *
 * The holder is started, in case it died before it could be; its name can be used only once, so that nothing happens
 * when it runs or has run.
 */
async function refused(session: SessionRecord, ports: StartPorts): Promise<Preparation> {
  const current = await ports.records.get('session', session.project, session.id);
  const isHeld = current?.lease && current.lease.expiresAt > ports.clock.now().toISOString();
  if (!current?.lease || !isHeld) {
    const hasMoved = current?.generation !== session.generation || current.attempt !== session.attempt;
    return current && hasMoved ? startPreparation(current, ports) : 'prepared';
  }
  const { execution, generation } = current.lease;
  const input = preparationInput({ ...current, generation }, execution);
  await ports.workflows.start('prepare-session', execution, input);
  return 'held';
}

export function preparationInput(session: SessionRecord, execution: string): PrepareSessionInput {
  return {
    schemaVersion: SCHEMA_VERSION,
    archiveId: session.archiveId,
    project: session.project,
    session: session.session,
    generation: session.generation,
    execution,
    uploadManifestKey: uploadToPrepare(session),
  };
}

/**
 * One upload at a time: the one that waits longest, else the one prepared last. The order decides nothing, because cases
 * compete by the time their manifest was written.
 */
function uploadToPrepare({ uploads }: SessionRecord): string | null {
  const upload = uploads.find(({ pending }) => pending) ?? uploads.at(-1);
  return upload?.manifestKey ?? null;
}
