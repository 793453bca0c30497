import { STAGE_ENV } from '../../src/contracts/env.ts';
import { reconcileArchive } from '../../src/pipeline/reconcile-archive.ts';
import { archives, hasher, hints, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { wrap } from '../_shared/middleware.ts';

const env = loadEnv(STAGE_ENV['reconcile-archive']);
const ports = { archives: archives(env), hasher, hints: hints(env), records: records(env) };

/** Runs on a schedule. */
export const handler = wrap('reconcile-archive', async (_event: unknown) => reconcileArchive(ports));
