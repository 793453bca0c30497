import { STAGE_ENV } from '../../src/contracts/env.ts';
import { PlanRunInput, PlanRunOutput } from '../../src/contracts/stages/train-model.ts';
import { planRun } from '../../src/pipeline/plan-run.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['plan-run']);
const ports = { records: records(env), objects: objects(env) };

const host = {
  jobQueueArn: env.CONTOURFLOW_JOB_QUEUE_ARN,
  vcpus: env.CONTOURFLOW_JOB_VCPUS,
  memoryMib: env.CONTOURFLOW_JOB_MEMORY_MIB,
  gpus: Number(env.CONTOURFLOW_JOB_GPUS),
};

export const handler = stageHandler('plan-run', PlanRunInput, PlanRunOutput, (input) =>
  planRun(input, ports, host),
);
