import type { CaseRecord, RecordOf } from '../contracts/records.ts';
import type { AutomationSnapshot, CaseTarget } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import { caseIdOf } from './case-identity.ts';
import type { ContourTarget } from './contour-targets.ts';

/** The automation as it stands now; the case keeps it, whatever is changed later. */
export function snapshotOf(automation: RecordOf<'automation'>): AutomationSnapshot {
  const { id, version, modelVersionId, labelMap, spacingMm, policies, thresholds, processing } = automation;
  return { automationId: id, version, modelVersionId, labelMap, spacingMm, policies, thresholds, processing };
}

/** The cases that a contoured series still lacks, one per automation at most. */
export async function dueCases(
  { seriesUid, roi }: ContourTarget,
  automations: readonly AutomationSnapshot[],
  at: { archiveId: string; project: string; session: string },
  { records, hasher }: Pick<Ports, 'records' | 'hasher'>,
): Promise<CaseTarget[]> {
  const due: CaseTarget[] = [];
  for (const automation of automations) {
    const seriesUids = seriesUid === null ? [] : [seriesUid];
    const caseId = caseIdOf({ ...at, seriesUids, roiSha256: roi.content.sha256, automation }, hasher);
    const known = await records.get('case', at.project, caseId);
    if (!known || (await isDue(known, roi.savedAt, records))) due.push({ caseId, automation });
  }
  return due;
}

/**
 * A quarantined case is tried again. A superseded one is made again when its contours are back as the newest, but
 * not while the case that replaced it holds contours saved later.
 */
async function isDue(known: CaseRecord, savedAt: string, records: Ports['records']): Promise<boolean> {
  if (known.state === 'quarantined') return true;
  if (known.state !== 'superseded' || known.supersededBy === null) return false;
  const winner = await records.get('case', known.project, known.supersededBy);
  return winner === null || winner.roiSavedAt <= savedAt;
}
