import { PARTITIONS, type Partition, type SplitRule } from '../contracts/dataset.ts';
import { PipelineError } from '../contracts/errors.ts';

/** Digest of a text, as hexadecimal; a port, because the domain does no cryptography itself. */
export type TextDigest = (text: string) => string;

const TOLERANCE = 1e-6;

/**
 * Assigns each subject to a partition, so that all cases of a subject stay together.
 *
 * Subjects are ordered by the digest of (seed, subject) and cut into runs: the outcome depends on the set of
 * subjects and the rule only, never on the order of cases. Sizes are the fractions rounded by largest
 * remainder, with at least one subject for every fraction above zero.
 *
 * @throws InvalidSplit when the fractions do not add up to 1, or there are fewer subjects than partitions.
 */
export function splitSubjects(
  subjects: Iterable<string>,
  rule: SplitRule,
  digest: TextDigest,
): Map<string, Partition> {
  const distinct = [...new Set(subjects)];
  const counts = partitionSizes(distinct.length, rule);
  const keyed = distinct.map((subject) => ({ subject, key: digest(`${rule.seed}:${subject}`) }));
  keyed.sort((a, b) => (a.key === b.key ? compare(a.subject, b.subject) : compare(a.key, b.key)));
  const assigned = new Map<string, Partition>();
  let next = 0;
  for (const partition of PARTITIONS) {
    for (const { subject } of keyed.slice(next, next + counts[partition])) {
      assigned.set(subject, partition);
    }
    next += counts[partition];
  }
  return assigned;
}

/** How many of `subjects` each partition gets. */
export function partitionSizes(subjects: number, rule: SplitRule): Record<Partition, number> {
  const wanted = PARTITIONS.filter((partition) => rule[partition] > 0);
  requireFractions(rule);
  if (subjects < wanted.length) {
    throw new PipelineError(
      'InvalidSplit',
      `${subjects} subject(s) cannot fill ${wanted.length} partitions (${describe(rule)}); ` +
        `add cases of at least ${wanted.length - subjects} more subject(s) or set a fraction to 0`,
      { subjects, split: rule },
    );
  }
  const sizes: Record<Partition, number> = { training: 0, validation: 0, test: 0 };
  for (const partition of wanted) {
    sizes[partition] = Math.max(1, Math.floor(rule[partition] * subjects + TOLERANCE));
  }
  while (total(sizes) !== subjects) {
    adjustByOne(sizes, wanted, subjects, rule);
  }
  return sizes;
}

/** Gives the partition that lacks most one subject more, or takes one from the one that has most too many. */
function adjustByOne(
  sizes: Record<Partition, number>,
  wanted: readonly Partition[],
  subjects: number,
  rule: SplitRule,
): void {
  const lack = (partition: Partition) => rule[partition] * subjects - sizes[partition];
  if (total(sizes) < subjects) {
    const neediest = wanted.reduce((best, next) => (lack(next) > lack(best) ? next : best));
    sizes[neediest]++;
    return;
  }
  const givers = wanted.filter((partition) => sizes[partition] > 1);
  const richest = givers.reduce((best, next) => (lack(next) < lack(best) ? next : best));
  sizes[richest]--;
}

/** @throws InvalidSplit unless the fractions add up to 1 with something to train on. */
export function requireFractions(rule: SplitRule): void {
  const sum = rule.training + rule.validation + rule.test;
  if (Math.abs(sum - 1) > TOLERANCE || rule.training <= 0) {
    throw new PipelineError(
      'InvalidSplit',
      `the fractions ${describe(rule)} add up to ${Number(sum.toFixed(6))}; ` +
        'they must add up to 1 with training above 0, such as 0.7, 0.15, 0.15',
      { split: rule },
    );
  }
}

function describe(rule: SplitRule): string {
  return PARTITIONS.map((partition) => `${partition} ${rule[partition]}`).join(', ');
}

function total(sizes: Record<Partition, number>): number {
  return sizes.training + sizes.validation + sizes.test;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
