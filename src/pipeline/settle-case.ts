import type { CaseRecord } from '../contracts/records.ts';
import type { NewRecord, Ports } from '../ports/index.ts';
import { contourSlot, isNewer, seriesSlot } from './case-identity.ts';
import { createUnlessThere } from './create-unless-there.ts';

type Records = Ports['records'];
export type NewCase = NewRecord<'case'>;

export interface Settled {
  /** The newer case that replaces this one, if any. */
  readonly supersededBy: string | null;
  /** Cases that this one replaced now. */
  readonly supersedes: string[];
}

/**
 * Records a case among those it competes with (the same series and automation, or the same ROI collection drawn anew):
 * only the newest stays, whatever order they come in. A quarantined case never replaces a good one: a failed
 * conversion takes nothing away.
 *
 * Older cases go before this one is written. A crash in between leaves a case that is made again, never two that
 * count. The second look afterwards is for a writer at the same time: each links its case before it looks, so one of
 * the two at least sees both.
 */
export async function settleCase(fresh: NewCase, records: Records): Promise<Settled> {
  const slots = slotsOf(fresh);
  for (const slot of slots) await records.link(fresh.project, slot, { entity: 'case', id: fresh.id });
  const before = await replaceOlder(fresh, slots, records);
  const lost = before.winner && ({ state: 'superseded', supersededBy: before.winner.id } as const);
  await writeCase({ ...fresh, ...lost }, records);
  const after = await replaceOlder(fresh, slots, records);
  if (after.winner !== null) await supersede(fresh, after.winner, records);
  return {
    supersededBy: after.winner?.id ?? null,
    supersedes: [...new Set([...before.supersedes, ...after.supersedes])],
  };
}

/**
 * Writes a case: the first time as it is; later only what is newer than the record, so that a late execution cannot
 * bring old contours back. What a person accepted stays accepted.
 */
async function writeCase(fresh: NewCase, records: Records): Promise<void> {
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
    };
  });
}

async function replaceOlder(
  own: NewCase,
  slots: readonly { entity: string; id: string }[],
  records: Records,
): Promise<{ winner: CaseRecord | null; supersedes: string[] }> {
  const rivals = await rivalsOf(own, slots, records);
  const newer = rivals.filter((other) => other.state !== 'quarantined' && isNewer(other, own));
  if (newer.length > 0) {
    const winner = newer.reduce((best, other) => (isNewer(other, best) ? other : best));
    return { winner, supersedes: [] };
  }
  if (own.state === 'quarantined') return { winner: null, supersedes: [] };
  const older = rivals.filter((other) => other.state !== 'superseded');
  for (const other of older) await supersede(other, own, records);
  return { winner: null, supersedes: older.map(({ id }) => id) };
}

async function rivalsOf(
  own: NewCase,
  slots: readonly { entity: string; id: string }[],
  records: Records,
): Promise<CaseRecord[]> {
  const ids = new Set<string>();
  for (const slot of slots) {
    for (const id of await records.linked(own.project, slot, 'case')) ids.add(id);
  }
  ids.delete(own.id);
  const found = await Promise.all([...ids].map((id) => records.get('case', own.project, id)));
  return found.filter((other): other is CaseRecord => other !== null && competes(own, other));
}

/** The same series, or other content of the same collection; two series of one RTSTRUCT do not compete. */
function competes(own: NewCase, other: CaseRecord): boolean {
  return own.seriesUid === other.seriesUid || own.roiSha256 !== other.roiSha256;
}

/** A loser that has become newer meanwhile is left alone. */
async function supersede(loser: NewCase, winner: NewCase, records: Records): Promise<void> {
  await records.update('case', loser.project, loser.id, (current) =>
    isNewer(current, winner) ? null : { ...current, state: 'superseded', supersededBy: winner.id },
  );
}

function slotsOf(own: NewCase): { entity: string; id: string }[] {
  const contour = contourSlot(own, own.assessorId, own.automationId);
  return own.seriesUid === null ? [contour] : [contour, seriesSlot(own, own.seriesUid, own.automationId)];
}
