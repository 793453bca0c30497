import { objectKeys } from '../src/contracts/object-keys.ts';

/**
 * Patterns of object keys for policies, made by the module that makes the keys: a wildcard for the project, and one
 * for what lies below.
 */
const any = '*';
const below = (prefix: string): string => `${prefix.replace(/\*\/$/, '')}*`;

export const OBJECT_PATTERNS = {
  blobs: below(objectKeys.blobPrefix(any)),
  /** Tagged as they are written, so that they expire. */
  work: below(objectKeys.work(any, any, '')),
  cases: below(`${objectKeys.projectPrefix(any)}cases/`),
  datasets: below(objectKeys.datasetPrefix(any)),
  models: below(objectKeys.modelPrefix(any, any)),
  runs: below(objectKeys.runPrefix(any, any)),
  exports: below(objectKeys.exportPrefix(any, any)),
  incoming: below(objectKeys.incomingPrefix(any, any)),
  /** Everything of every project: the upper bound of what jobs may be given. */
  projects: below(objectKeys.projectPrefix(any)),
} as const;
