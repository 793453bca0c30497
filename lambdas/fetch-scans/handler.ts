import { STAGE_ENV } from '../../src/contracts/env.ts';
import { FetchScansInput, FetchScansOutput } from '../../src/contracts/stages/prepare-session.ts';
import { fetchScans } from '../../src/pipeline/fetch-scans.ts';
import { archives, hasher, objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['fetch-scans']);
const ports = { archives: archives(env), hasher, objects: objects(env), records: records(env) };

export const handler = stageHandler('fetch-scans', FetchScansInput, FetchScansOutput, (input) =>
  fetchScans(input, ports),
);
