import { STAGE_ENV } from '../../src/contracts/env.ts';
import { METRICS } from '../../src/contracts/metrics.ts';
import { routeEvent } from '../../src/pipeline/route-event.ts';
import { clock, hasher, objects, records, workflows } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { queueHandler } from '../_shared/queue-handler.ts';

const env = loadEnv(STAGE_ENV['route-event']);
const ports = { clock, hasher, objects: objects(env), records: records(env), workflows: workflows(env) };

export const handler = queueHandler(
  'route-event',
  (message) => routeEvent(message, ports),
  ({ outcome }) => (outcome === 'ignored' ? [] : [{ name: METRICS.eventsIn, value: 1 }]),
);
