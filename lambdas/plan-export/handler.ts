import { STAGE_ENV } from '../../src/contracts/env.ts';
import { PlanExportInput, PlanExportOutput } from '../../src/contracts/stages/release-model.ts';
import { planExport } from '../../src/pipeline/plan-export.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['plan-export']);
const ports = { records: records(env), objects: objects(env) };

const host = { jobQueueArn: env.CONTOURFLOW_JOB_QUEUE_ARN };

export const handler = stageHandler('plan-export', PlanExportInput, PlanExportOutput, (input) =>
  planExport(input, ports, host),
);
