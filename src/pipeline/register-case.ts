import { Certificate } from '../contracts/certificate.ts';
import type { RegisterCaseInput, RegisterCaseOutput } from '../contracts/stages/prepare-session.ts';
import { classTable, parseLabelMap } from '../imaging/mask/label-map.ts';
import type { Ports } from '../ports/index.ts';
import { caseOrigin } from './case-origin.ts';
import { type NewCase, settleCase } from './settle-case.ts';
import { readJson } from './stored-json.ts';

/**
 * Records a finished case. Safe to repeat, and in any order: the newest contours win, an older case never replaces a
 * newer one.
 */
export async function registerCase(
  input: RegisterCaseInput,
  { records, objects }: Pick<Ports, 'records' | 'objects'>,
): Promise<RegisterCaseOutput> {
  const labelMap = parseLabelMap(await objects.read(input.case.automation.labelMap));
  const certificate = await readJson(objects, Certificate, input.certified.certificate);
  const fresh: NewCase = {
    ...caseOrigin(input, input.case),
    state: input.certified.outcome,
    classes: classTable(labelMap),
    ignoredValues: ignoredValuesOf(certificate),
    spacingMm: input.case.automation.spacingMm,
    units: input.converted.units,
    resources: input.published.resources,
    certificate: input.certified.certificate,
    reasons: input.certified.reasons,
    problem: null,
  };
  const { supersededBy, supersedes } = await settleCase(fresh, records);
  const state = supersededBy === null ? input.certified.outcome : 'superseded';
  return { caseId: fresh.id, state, supersedes };
}

/** What training must leave open, because it cannot tell "not there" from "not drawn". */
function ignoredValuesOf({ missing }: Certificate): number[] {
  return missing
    .filter(({ policy }) => policy === 'ignore')
    .map(({ value }) => value)
    .sort((a, b) => a - b);
}
