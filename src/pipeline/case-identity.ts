import { canonicalJson } from '../contracts/canonical-json.ts';
import type { AutomationSnapshot, SeriesTarget } from '../contracts/stages/prepare-session.ts';
import type { Hasher } from '../ports/index.ts';
import { OUTPUT_VERSION } from './output-version.ts';

const CASE_ID_CHARACTERS = 32;

export interface CaseIdentity {
  readonly archiveId: string;
  readonly project: string;
  readonly session: string;
  /** Empty when no series of the session is referenced. */
  readonly seriesUids: readonly string[];
  readonly roiSha256: string;
  readonly automation: AutomationSnapshot;
}

/** Everything that decides what a case contains, and nothing else: equal content is one case, however it came. */
export function caseIdOf(identity: CaseIdentity, hasher: Hasher): string {
  const { archiveId, project, session, roiSha256, automation } = identity;
  const digested = canonicalJson({
    archiveId,
    project,
    session,
    seriesUids: [...identity.seriesUids].sort(),
    roiSha256,
    automationId: automation.automationId,
    automationVersion: automation.version,
    labelMapSha256: automation.labelMap.sha256,
    outputVersion: OUTPUT_VERSION,
  });
  return hasher.sha256(digested).slice(0, CASE_ID_CHARACTERS);
}

interface Recency {
  readonly id: string;
  readonly roiSavedAt: string;
  readonly generation: number;
  readonly automationVersion: number;
}

/**
 * Whether `a` is the newer of two cases: its contours were saved later, or read later when the archive keeps the first
 * save's time through an overwrite. The order is total, so that every writer comes to the same winner.
 */
export function isNewer(a: Recency, b: Recency): boolean {
  if (a.roiSavedAt !== b.roiSavedAt) return a.roiSavedAt > b.roiSavedAt;
  if (a.generation !== b.generation) return a.generation > b.generation;
  if (a.automationVersion !== b.automationVersion) return a.automationVersion > b.automationVersion;
  return a.id > b.id;
}

/** Cases of one series and automation compete: the newest counts. */
export function seriesSlot(
  of: { archiveId: string; session: string },
  seriesUid: string,
  automationId: string,
): { entity: string; id: string } {
  return { entity: 'series-slot', id: `${of.archiveId}:${of.session}:${seriesUid}:${automationId}` };
}

/** Cases of one ROI collection and automation: what was drawn before in the same collection is replaced. */
export function contourSlot(
  of: { archiveId: string; session: string },
  assessorId: SeriesTarget['roi']['assessorId'],
  automationId: string,
): { entity: string; id: string } {
  return { entity: 'contour', id: `${of.archiveId}:${of.session}:${assessorId}:${automationId}` };
}
