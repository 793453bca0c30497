import { canonicalJson } from '../contracts/canonical-json.ts';
import type { DatasetManifest, RegionClass, SplitRule, TaggedResourceMap } from '../contracts/dataset.ts';
import { type ErrorCode, PipelineError } from '../contracts/errors.ts';
import type { ObjectRef, SpacingMm } from '../contracts/identifiers.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { CompleteCase } from './match-cases.ts';
import { splitSubjects, type TextDigest } from './split.ts';

const ID_DIGITS = 32;
const SPACING_TOLERANCE_MM = 1e-4;

export interface ManifestPlan {
  readonly project: string;
  readonly definitionId: string;
  readonly criteria: TaggedResourceMap;
  readonly split: SplitRule;
}

/**
 * Makes the manifest of a dataset: equal cases, criteria and split give equal manifests, whatever the order.
 *
 * @throws EmptyDataset without a complete case; MixedUnits, MixedSpacing or MixedClasses when the cases
 *   cannot be learned together; InvalidSplit.
 */
export function buildManifest(
  plan: ManifestPlan,
  cases: readonly CompleteCase[],
  digest: TextDigest,
): DatasetManifest {
  const first = cases[0]?.candidate;
  if (!first) {
    throw new PipelineError(
      'EmptyDataset',
      `no session of the project is complete under definition ${plan.definitionId}; validate it to see what each session lacks`,
      { definitionId: plan.definitionId },
    );
  }
  const partitions = splitSubjects(
    cases.map(({ candidate }) => candidate.subject),
    plan.split,
    digest,
  );
  return {
    schemaVersion: SCHEMA_VERSION,
    ...plan,
    classes: commonClasses(cases),
    spacingMm: commonSpacing(cases),
    units: commonUnits(cases),
    items: cases
      .map(({ candidate, files }) => ({
        caseId: candidate.caseId,
        subject: candidate.subject,
        session: candidate.session,
        partition: partitions.get(candidate.subject) ?? 'training',
        files: fileRefs(files),
        ...(candidate.ignoredValues.length > 0 && { ignoredValues: candidate.ignoredValues }),
      }))
      .sort((a, b) => (a.caseId < b.caseId ? -1 : 1)),
  };
}

/** First 32 hexadecimal digits of the SHA-256 of the manifest's canonical JSON. */
export function datasetIdOf(manifest: DatasetManifest, digest: TextDigest): string {
  return digest(canonicalJson(manifest)).slice(0, ID_DIGITS);
}

function fileRefs(files: CompleteCase['files']): Record<string, ObjectRef> {
  return Object.fromEntries(Object.entries(files).map(([tag, { object }]) => [tag, object]));
}

function commonUnits(cases: readonly CompleteCase[]): string {
  const values = distinct(cases, ({ candidate }) => candidate.units ?? 'unknown');
  refuseMixture('MixedUnits', 'image units', values, cases);
  return values[0] ?? 'unknown';
}

function commonSpacing(cases: readonly CompleteCase[]): SpacingMm {
  const spacings = cases.map(spacingOf);
  const [reference] = spacings as [SpacingMm, ...SpacingMm[]];
  const same = spacings.every((spacing) =>
    spacing.every((mm, axis) => Math.abs(mm - (reference[axis] ?? 0)) <= SPACING_TOLERANCE_MM),
  );
  if (!same) {
    const values = distinct(cases, (one) => spacingOf(one).join(' x '));
    refuseMixture('MixedSpacing', 'voxel spacings (mm)', values, cases);
  }
  return reference;
}

function spacingOf({ candidate }: CompleteCase): SpacingMm {
  if (!candidate.spacingMm) {
    throw new PipelineError(
      'InternalError',
      `case ${candidate.caseId} is ready but has no voxel spacing; retry it to prepare it again`,
      { caseId: candidate.caseId },
    );
  }
  return candidate.spacingMm;
}

function commonClasses(cases: readonly CompleteCase[]): RegionClass[] {
  const values = distinct(cases, ({ candidate }) =>
    candidate.classes.map(({ name, maskValue }) => `${name}=${maskValue}`).join(', '),
  );
  refuseMixture('MixedClasses', 'class tables', values, cases);
  return [...(cases[0]?.candidate.classes ?? [])].sort((a, b) => a.index - b.index);
}

function refuseMixture(
  code: Extract<ErrorCode, 'MixedUnits' | 'MixedSpacing' | 'MixedClasses'>,
  what: string,
  values: readonly string[],
  cases: readonly CompleteCase[],
): void {
  if (values.length < 2) {
    return;
  }
  const automations = distinct(cases, ({ candidate }) => candidate.automationId);
  throw new PipelineError(
    code,
    `the ${cases.length} cases have ${values.length} different ${what}: ${values.slice(0, 4).join(' | ')}; ` +
      `they come from the automations ${automations.slice(0, 8).join(', ')}: select one by ResourceLabel, or prepare the cases again`,
    { values: values.slice(0, 16), automations },
  );
}

function distinct(cases: readonly CompleteCase[], of: (one: CompleteCase) => string): string[] {
  return [...new Set(cases.map(of))].sort();
}
