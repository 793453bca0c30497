import type { z } from 'zod';
import type { QuarantineCaseInput, QuarantineCaseOutput } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import { caseOrigin } from './case-origin.ts';
import { problemOf } from './failure-cause.ts';
import { type NewCase, settleCase } from './settle-case.ts';

/**
 * Records the cases that a failure left without a result, with a code and a sentence a person can act on. A later
 * generation tries them again; the first that succeeds supersedes them.
 */
export async function quarantineCase(
  input: QuarantineCaseInput,
  { records, objects }: Pick<Ports, 'records' | 'objects'>,
): Promise<z.input<typeof QuarantineCaseOutput>> {
  const problem = await problemOf(input, objects);
  for (const target of input.cases) {
    const fresh: NewCase = {
      ...caseOrigin(input, target),
      state: 'quarantined',
      classes: [],
      ignoredValues: [],
      spacingMm: null,
      units: null,
      resources: [],
      certificate: null,
      reasons: [problem.message],
      problem,
    };
    await settleCase(fresh, records);
  }
  return { caseIds: input.cases.map(({ caseId }) => caseId), problem };
}
