import { isErrorCode, PipelineError } from '../contracts/errors.ts';
import { sessionRecordId } from '../contracts/identifiers.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { PrepareSessionInput } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';

/** Attempts at one generation before it is left to the next event or to a person. */
const MAX_ATTEMPTS = 5;
/** Seconds before the 2nd, 3rd... attempt: at once after a crash, later when it keeps failing. */
const DELAYS_SECONDS = [5, 20, 60, 240, 900];

export type Recovery = 'hinted' | 'prepared' | 'held' | 'given-up';

/**
 * Puts a session back to work whose execution ended without preparing it: ends the lease, which raises the attempt,
 * and sends a recovery hint. An error that would come again (an archive that refuses, a session that is gone) is left
 * to the next event.
 *
 * Safe to repeat: only the holder's lease is ended, and two recovery hints start one execution.
 */
export async function recoverSession(
  ended: Pick<PrepareSessionInput, 'archiveId' | 'project' | 'session' | 'execution'>,
  error: string | null,
  { records, hints }: Pick<Ports, 'records' | 'hints'>,
): Promise<Recovery> {
  const { archiveId, project, session, execution } = ended;
  const id = sessionRecordId(archiveId, session);
  if (!(await records.get('session', project, id))) return 'prepared';
  const release = { project, sessionRecordId: id, execution, finishedGeneration: null };
  const { session: record } = await records.releaseSession(release);
  if (record.lease !== null) return 'held';
  if (record.preparedGeneration >= record.generation) return 'prepared';
  if (record.attempt >= MAX_ATTEMPTS || !mayHelp(error)) return 'given-up';
  const delay = DELAYS_SECONDS[Math.max(0, record.attempt - 1)] ?? DELAYS_SECONDS.at(-1);
  await hints.send(
    {
      schemaVersion: SCHEMA_VERSION,
      kind: 'session-hint',
      deliveryId: `recovery:${execution}`,
      cause: 'recovery',
      archiveId,
      project,
      session,
      uploadManifestKey: null,
    },
    delay,
  );
  return 'hinted';
}

/** Another attempt may help after a crash, a time-out or an error that is marked as passing. */
function mayHelp(error: string | null): boolean {
  if (error === null || !isErrorCode(error) || error === 'InternalError') return true;
  return new PipelineError(error, '').retryable;
}
