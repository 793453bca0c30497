import { UPLOAD_ARCHIVE_ID } from '../contracts/identifiers.ts';
import type { Problem } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import { createUnlessThere } from './create-unless-there.ts';

const REFUSAL_DAYS = 30;
const REFUSALS = ['MalformedBody', 'UploadIncomplete', 'UnknownSchemaVersion', 'NotFound'];

/** Whether the code says that an upload's manifest, or what it lists, cannot be taken as it is. */
export function isRefusal(code: string): boolean {
  return REFUSALS.includes(code);
}

/**
 * Records why an upload cannot be taken, where `contourflow uploads list` finds it.
 *
 * @param refused - `writeId` says which writing of the manifest is meant: the same one is recorded once
 * @returns id of the delivery record
 */
export async function recordRefusal(
  refused: { project: string; uploadManifestKey: string | null; writeId: string; problem: Problem },
  { records, clock }: Pick<Ports, 'records' | 'clock'>,
): Promise<string> {
  const { project, uploadManifestKey, writeId, problem } = refused;
  const id = `rejected:${UPLOAD_ARCHIVE_ID}:${writeId}`;
  await createUnlessThere<'delivery'>(records, {
    entity: 'delivery',
    project,
    id,
    state: 'rejected',
    cause: 'upload',
    session: null,
    uploadManifestKey,
    problem,
    expiresAt: Math.floor(clock.now().getTime() / 1000) + REFUSAL_DAYS * 86_400,
  });
  return id;
}
