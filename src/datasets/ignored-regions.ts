import type { CompleteCase } from './match-cases.ts';

/** A sentence per region that some cases leave open: who trains on them should know how few cases teach it. */
export function ignoredRegions(cases: readonly CompleteCase[]): string[] {
  const counts = new Map<number, number>();
  for (const { candidate } of cases) {
    for (const value of candidate.ignoredValues) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const classes = cases[0]?.candidate.classes ?? [];
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([value, count]) => {
      const name = classes.find(({ maskValue }) => maskValue === value)?.name ?? `value ${value}`;
      return `region "${name}" is ignored in ${count} of ${cases.length} cases: nobody drew it there, so they are left out of its loss and its Dice`;
    });
}
