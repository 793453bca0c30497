import { STAGE_ENV } from '../../src/contracts/env.ts';
import { trackRun } from '../../src/pipeline/track-run.ts';
import { hints, records, workflows } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { machineNames } from '../_shared/machines.ts';
import { queueHandler } from '../_shared/queue-handler.ts';

const env = loadEnv(STAGE_ENV['track-run']);
const ports = { hints: hints(env), records: records(env), workflows: workflows(env) };
const machineOf = machineNames(env);

export const handler = queueHandler('track-run', (message) => trackRun(message, machineOf, ports));
