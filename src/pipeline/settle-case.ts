import type { CaseRecord } from '../contracts/records.ts';
import type { NewRecord, Ports } from '../ports/index.ts';
import { contourSlot, isNewer, seriesSlot } from './case-identity.ts';
import { createUnlessThere } from './create-unless-there.ts';

type Records = Pick<Ports, 'records'>['records'];
export type NewCase = NewRecord<'case'>;

/**
 * Writes a case: the first time as it is; later only what is newer than the record, so that a late execution cannot
 * bring old contours back. What a person accepted stays accepted.
 */
export async function writeCase(fresh: NewCase, records: Records): Promise<void> {
  if (await createUnlessThere<'case'>(records, fresh)) return;
  await records.update('case', fresh.project, fresh.id, (current) => {
    if (isNewer(current, fresh)) return null;
    const good = current.state === 'ready' || current.state === 'needs-review';
    if (fresh.state === 'quarantined' && good) return null;
    const accepted = current.acceptedBy !== null && fresh.state === 'needs-review';
    return {
      ...current,
      ...fresh,
      state: accepted ? 'ready' : fresh.state,
      acceptedBy: current.acceptedBy,
      supersededBy: null,
    };
  });
}

/**
 * Of the cases that compete (the same series and automation, or the same ROI collection drawn anew) only the newest
 * stays; the others become superseded, the given one among them when it is not the newest. A quarantined case never
 * replaces a good one: a failed conversion takes nothing away.
 *
 * Every writer links its case before it looks at the others, so of two at the same time one at least sees both.
 *
 * @returns ids of the cases that became superseded now, and whether the given one is among them
 */
export async function settleCase(
  own: Pick<
    CaseRecord,
    'project' | 'id' | 'archiveId' | 'session' | 'seriesUid' | 'assessorId' | 'automationId'
  >,
  records: Records,
): Promise<{ superseded: boolean; supersedes: string[] }> {
  const slots = slotsOf(own);
  for (const slot of slots) await records.link(own.project, slot, { entity: 'case', id: own.id });
  const ids = new Set<string>();
  for (const slot of slots) for (const id of await records.linked(own.project, slot, 'case')) ids.add(id);
  const cases = await Promise.all([...ids].map((id) => records.get('case', own.project, id)));
  const competitors = cases.filter((record): record is CaseRecord => record !== null);
  const current = competitors.find(({ id }) => id === own.id);
  if (!current) return { superseded: false, supersedes: [] };
  return replaceOlder(current, competitors, records);
}

async function replaceOlder(
  own: CaseRecord,
  competitors: readonly CaseRecord[],
  records: Records,
): Promise<{ superseded: boolean; supersedes: string[] }> {
  const rivals = competitors.filter((other) => other.id !== own.id && competes(own, other));
  const newer = rivals.filter((other) => other.state !== 'quarantined' && isNewer(other, own));
  const winner = newer.reduce<CaseRecord>((best, other) => (isNewer(other, best) ? other : best), own);
  if (winner.id !== own.id) {
    await supersede(own, winner, records);
    return { superseded: true, supersedes: [] };
  }
  if (own.state === 'quarantined') return { superseded: false, supersedes: [] };
  const older = rivals.filter((other) => other.state !== 'superseded' && isNewer(own, other));
  for (const other of older) await supersede(other, own, records);
  return { superseded: false, supersedes: older.map(({ id }) => id) };
}

/** The same series, or other content of the same collection; two series of one RTSTRUCT do not compete. */
function competes(own: CaseRecord, other: CaseRecord): boolean {
  return own.seriesUid === other.seriesUid || own.roiSha256 !== other.roiSha256;
}

async function supersede(loser: CaseRecord, winner: CaseRecord, records: Records): Promise<void> {
  await records.update('case', loser.project, loser.id, (current) =>
    isNewer(winner, current) ? { ...current, state: 'superseded', supersededBy: winner.id } : null,
  );
}

function slotsOf(own: Parameters<typeof settleCase>[0]): { entity: string; id: string }[] {
  const contour = contourSlot(own, own.assessorId, own.automationId);
  return own.seriesUid === null ? [contour] : [contour, seriesSlot(own, own.seriesUid, own.automationId)];
}
