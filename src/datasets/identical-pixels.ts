import type { CompleteCase } from './match-cases.ts';

/**
 * Sentences about files with the same bytes under different subjects: one patient under two ids would let
 * test pixels into the training partition. Label files are left out, since empty masks are often equal.
 */
export function identicalPixels(cases: readonly CompleteCase[]): string[] {
  const subjectsOf = new Map<string, Set<string>>();
  for (const { candidate, files } of cases) {
    for (const { content, object } of Object.values(files)) {
      if (content !== 'IMAGE' && content !== 'IMAGE_NATIVE') continue;
      const subjects = subjectsOf.get(object.sha256) ?? new Set();
      subjectsOf.set(object.sha256, subjects.add(candidate.subject));
    }
  }
  return [...subjectsOf.values()]
    .filter((subjects) => subjects.size > 1)
    .map((subjects) => `identical pixels under the subjects ${[...subjects].sort().join(', ')}`)
    .sort();
}
