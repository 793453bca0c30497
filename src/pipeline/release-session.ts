import { sessionRecordId, UPLOAD_ARCHIVE_ID } from '../contracts/identifiers.ts';
import type { ReleaseSessionInput, ReleaseSessionOutput } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import { lambdaProblem } from './failure-cause.ts';
import { isRefusal, recordRefusal } from './refuse-upload.ts';
import { leaseUntil, preparationInput } from './start-preparation.ts';

type ReleasePorts = Pick<Ports, 'records' | 'clock'>;

/**
 * Ends an execution's hold on its session, or keeps it when the session changed meanwhile or another upload waits: a
 * hint that came during the lease started nothing, so this is where it counts.
 *
 * An upload that cannot be read is recorded as refused and is done with: it would hold up the others. An execution that
 * no longer holds the lease has nothing to say.
 */
export async function releaseSession(
  input: ReleaseSessionInput,
  ports: ReleasePorts,
): Promise<ReleaseSessionOutput> {
  const { archiveId, project, execution, generation, uploadManifestKey, failure } = input;
  const refused =
    archiveId === UPLOAD_ARCHIVE_ID && failure?.stage === 'FetchScans' && isRefusal(failure.error);
  if (refused) await refuse(input, failure, ports);
  const { released, session } = await ports.records.releaseSession({
    project,
    sessionRecordId: sessionRecordId(archiveId, input.session),
    execution,
    finishedGeneration: failure === null || refused ? generation : null,
    pass: { generation, uploadManifestKey, keepUntil: leaseUntil(ports.clock.now()) },
  });
  const again = released && session.lease?.execution === execution;
  return { again, next: again ? preparationInput(session, execution) : null };
}

async function refuse(
  { project, execution, uploadManifestKey }: ReleaseSessionInput,
  failure: NonNullable<ReleaseSessionInput['failure']>,
  ports: ReleasePorts,
): Promise<void> {
  const problem = lambdaProblem(failure) ?? {
    code: failure.error,
    message: failure.cause,
    stage: failure.stage,
  };
  await recordRefusal({ project, uploadManifestKey, writeId: execution, problem }, ports);
}
