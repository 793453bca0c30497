import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../src/cli/api-client.ts';
import { listAll } from '../../src/cli/list-options.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { CaseRecord } from '../../src/contracts/records.ts';
import { MIN_SUBJECTS } from './folder-cohort.ts';
import type { Live } from './progress.ts';

const PAUSE_MS = 1_000;

/**
 * Waits until every session has a case that is ready, waits for a look, or is quarantined.
 *
 * @param quietMs - gives up when nothing changed for this long.
 * @throws UpstreamError naming how many cases came.
 */
export async function awaitCases(
  api: ApiClient,
  project: string,
  sessions: number,
  live: Live,
  quietMs = 180_000,
): Promise<CaseRecord[]> {
  let quietSince = Date.now();
  let before = -1;
  for (;;) {
    const cases = await currentCases(api, project);
    const done = new Set(cases.map(({ session }) => session)).size;
    if (done !== before) quietSince = Date.now();
    before = done;
    live.bar('cases', done, sessions);
    if (done >= sessions) return cases;
    if (Date.now() - quietSince > quietMs) {
      throw new PipelineError(
        'UpstreamError',
        `only ${done} of ${sessions} cases came, and nothing more for ${quietMs / 1000} s; see the log of the emulator`,
      );
    }
    await sleep(PAUSE_MS);
  }
}

/** Cases that no newer one replaced. */
export async function currentCases(api: ApiClient, project: string): Promise<CaseRecord[]> {
  const all = await listAll({ limit: '1000' }, (query) => api.call('listCases', { project }, query));
  return all.filter(({ state }) => state !== 'superseded');
}

/** @throws InvalidSplit when quarantine left too few subjects to train, validate and test on. */
export function requireSubjects(ready: readonly CaseRecord[]): void {
  const subjects = new Set(ready.map(({ subject }) => subject)).size;
  if (subjects >= MIN_SUBJECTS) return;
  throw new PipelineError(
    'InvalidSplit',
    `${ready.length} case(s) of ${subjects} subject(s) are ready, and at least ${MIN_SUBJECTS} subjects are needed; ` +
      'correct what the cases in quarantine say, or add studies of other patients',
  );
}

/** A person looks at what the gates held back; here it is the demo that accepts on their behalf. */
export async function acceptForReview(
  api: ApiClient,
  project: string,
  cases: readonly CaseRecord[],
): Promise<number> {
  const held = cases.filter(({ state }) => state === 'needs-review');
  for (const { id } of held) await api.call('acceptCase', { project, caseId: id });
  return held.length;
}
