import { sessionRecordId } from '../contracts/identifiers.ts';
import type { ReleaseSessionInput, ReleaseSessionOutput } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import { leaseUntil, preparationInput } from './start-preparation.ts';

/**
 * Ends an execution's hold on its session, and takes it again at once when the session changed meanwhile: a hint that
 * came during the lease started nothing, so this is where it counts.
 *
 * An execution that no longer holds the lease has nothing to say.
 */
export async function releaseSession(
  input: ReleaseSessionInput,
  { records, clock }: Pick<Ports, 'records' | 'clock'>,
): Promise<ReleaseSessionOutput> {
  const { project, execution, generation, finished } = input;
  const id = sessionRecordId(input.archiveId, input.session);
  const held = { project, sessionRecordId: id, execution };
  const finishedGeneration = finished ? generation : null;
  const { released, session } = await records.releaseSession({ ...held, finishedGeneration });
  if (!released || session.generation <= generation) return { again: false, next: null };
  const now = clock.now();
  const { generation: newest, attempt } = session;
  const lease = { generation: newest, attempt, now: now.toISOString(), expiresAt: leaseUntil(now) };
  const again = await records.leaseSession({ ...held, ...lease });
  return { again, next: again ? preparationInput(session, execution) : null };
}
