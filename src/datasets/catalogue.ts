import { z } from 'zod';
import { IgnoredValues, RegionClass } from '../contracts/dataset.ts';
import { AutomationId, CaseId, SessionId, SpacingMm, SubjectId } from '../contracts/identifiers.ts';
import { CASE_STATES, type CaseRecord } from '../contracts/records.ts';
import { CaseResource } from '../contracts/stages/prepare-session.ts';

/** What dataset criteria can see of a case. */
export const CatalogueCase = z.strictObject({
  caseId: CaseId,
  state: z.enum(CASE_STATES),
  subject: SubjectId,
  session: SessionId,
  seriesUid: z.string().nullable(),
  seriesDescription: z.string(),
  automationId: AutomationId,
  classes: z.array(RegionClass),
  ignoredValues: IgnoredValues,
  spacingMm: SpacingMm.nullable(),
  units: z.string().nullable(),
  resources: z.array(CaseResource),
});
export type CatalogueCase = z.infer<typeof CatalogueCase>;

/** The cases of a project at one moment, ordered by case id so that equal catalogues are equal bytes. */
export const Catalogue = z.array(CatalogueCase);
export type Catalogue = z.infer<typeof Catalogue>;

export function catalogueCase(record: CaseRecord): CatalogueCase {
  return {
    caseId: record.id,
    state: record.state,
    subject: record.subject,
    session: record.session,
    seriesUid: record.seriesUid,
    seriesDescription: record.seriesDescription,
    automationId: record.automationId,
    classes: record.classes,
    ignoredValues: record.ignoredValues,
    spacingMm: record.spacingMm,
    units: record.units,
    resources: record.resources,
  };
}

/** Superseded cases are history: nothing may be made of them any more. */
export function catalogueOf(records: readonly CaseRecord[]): Catalogue {
  return records
    .filter(({ state }) => state !== 'superseded')
    .map(catalogueCase)
    .sort((a, b) => (a.caseId < b.caseId ? -1 : 1));
}
