import type { z } from 'zod';
import type { ValidationMiss } from '../contracts/dataset.ts';
import type { CaseResource } from '../contracts/stages/prepare-session.ts';
import type { Catalogue, CatalogueCase } from './catalogue.ts';
import type { TagMatcher } from './criteria.ts';

type Resource = z.infer<typeof CaseResource>;
type Miss = z.infer<typeof ValidationMiss>;

/** A case for which every tag means exactly one resource. */
export interface CompleteCase {
  readonly candidate: CatalogueCase;
  readonly files: Readonly<Record<string, Resource>>;
}

/** How one session fared: its complete cases, or why it has none. */
export interface SessionMatch {
  readonly session: string;
  readonly subject: string;
  readonly complete: readonly CompleteCase[];
  /** Of the case that came closest; null when the session is complete. */
  readonly closest: { readonly caseId: string; readonly misses: readonly Miss[] } | null;
}

/** Tag under which a miss is reported that concerns the whole case. */
const CASE = 'case';

/**
 * Matches every session of the catalogue, in order of session id.
 *
 * A tag must mean exactly one resource of a case: none and several are misses, told apart. Cases of one series
 * that fit at the same time (two automations) are ambiguous, because the same pixels would be learned twice.
 */
export function matchSessions(catalogue: Catalogue, matchers: readonly TagMatcher[]): SessionMatch[] {
  const sessions = Map.groupBy(catalogue, ({ session }) => session);
  return [...sessions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([session, cases]) => matchSession(session, cases, matchers));
}

function matchSession(
  session: string,
  cases: readonly CatalogueCase[],
  matchers: readonly TagMatcher[],
): SessionMatch {
  const tried = cases.map((candidate) => ({ candidate, ...matchCase(candidate, matchers) }));
  const fitting = tried.filter(({ misses }) => misses.length === 0);
  const base = { session, subject: cases[0]?.subject ?? '' };
  const ambiguous = ambiguousSeries(fitting);
  if (ambiguous) {
    return { ...base, complete: [], closest: ambiguous };
  }
  if (fitting.length > 0) {
    return {
      ...base,
      complete: fitting.map(({ candidate, files }) => ({ candidate, files })),
      closest: null,
    };
  }
  const closest = tried.reduce((best, next) => (next.misses.length < best.misses.length ? next : best));
  return { ...base, complete: [], closest: { caseId: closest.candidate.caseId, misses: closest.misses } };
}

function matchCase(
  candidate: CatalogueCase,
  matchers: readonly TagMatcher[],
): { files: Record<string, Resource>; misses: Miss[] } {
  const files: Record<string, Resource> = {};
  const misses: Miss[] = [...stateMisses(candidate)];
  for (const matcher of matchers) {
    const found = matcher.find(candidate);
    if (found.length === 1 && found[0]) {
      files[matcher.tag] = found[0];
    } else {
      misses.push({ tag: matcher.tag, reason: countReason(found) });
    }
  }
  return { files, misses };
}

function stateMisses({ state }: CatalogueCase): Miss[] {
  switch (state) {
    case 'needs-review':
      return [{ tag: CASE, reason: 'the case waits for review; accept it first' }];
    case 'quarantined':
      return [{ tag: CASE, reason: 'the case is in quarantine; fix its problem and retry it' }];
    default:
      return [];
  }
}

function countReason(found: readonly Resource[]): string {
  if (found.length === 0) {
    return 'no resource matches all attributes';
  }
  const labels = found.map(({ label }) => label).join(', ');
  return `${found.length} resources match (${labels}); narrow the criteria down to one`;
}

function ambiguousSeries(
  fitting: readonly { candidate: CatalogueCase }[],
): { caseId: string; misses: Miss[] } | null {
  const bySeries = Map.groupBy(fitting, ({ candidate }) => candidate.seriesUid ?? candidate.caseId);
  for (const group of bySeries.values()) {
    const first = group[0];
    if (first && group.length > 1) {
      const automations = group.map(({ candidate }) => candidate.automationId).join(', ');
      const reason = `${group.length} cases of one series match (automations ${automations}); tell them apart by ResourceLabel`;
      return { caseId: first.candidate.caseId, misses: [{ tag: CASE, reason }] };
    }
  }
  return null;
}
