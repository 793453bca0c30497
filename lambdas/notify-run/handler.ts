import { STAGE_ENV } from '../../src/contracts/env.ts';
import { NotifyRunInput, NotifyRunOutput } from '../../src/contracts/stages/train-model.ts';
import { notifyRun } from '../../src/pipeline/notify-run.ts';
import { events, objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['notify-run']);
const ports = { records: records(env), objects: objects(env), events: events() };

export const handler = stageHandler('notify-run', NotifyRunInput, NotifyRunOutput, (input) =>
  notifyRun(input, ports),
);
