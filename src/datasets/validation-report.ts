import type { ValidationReport } from '../contracts/dataset.ts';
import type { Catalogue } from './catalogue.ts';
import type { TagMatcher } from './criteria.ts';
import { identicalPixels } from './identical-pixels.ts';
import { ignoredRegions } from './ignored-regions.ts';
import { matchSessions, type SessionMatch } from './match-cases.ts';

type Row = ValidationReport['rows'][number];

/** "X of Y sessions complete", with a reason for each miss; saving keeps exactly the complete cases. */
export function validationReport(
  definitionId: string,
  catalogue: Catalogue,
  matchers: readonly TagMatcher[],
): ValidationReport {
  const sessions = matchSessions(catalogue, matchers);
  const complete = sessions.filter((session) => session.complete.length > 0);
  const cases = complete.flatMap((session) => session.complete);
  return {
    definitionId,
    sessions: sessions.length,
    complete: complete.length,
    subjects: new Set(complete.map(({ subject }) => subject)).size,
    rows: sessions.flatMap(rowsOf),
    warnings: [...identicalPixels(cases), ...ignoredRegions(cases)],
  };
}

function rowsOf({ session, subject, complete, closest }: SessionMatch): Row[] {
  if (closest) {
    return [{ session, subject, caseId: closest.caseId, complete: false, misses: [...closest.misses] }];
  }
  return complete.map(({ candidate }) => ({
    session,
    subject,
    caseId: candidate.caseId,
    complete: true,
    misses: [],
  }));
}
