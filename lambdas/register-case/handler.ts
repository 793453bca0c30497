import { STAGE_ENV } from '../../src/contracts/env.ts';
import { METRICS } from '../../src/contracts/metrics.ts';
import { RegisterCaseInput, RegisterCaseOutput } from '../../src/contracts/stages/prepare-session.ts';
import { registerCase } from '../../src/pipeline/register-case.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['register-case']);
const ports = { objects: objects(env), records: records(env) };

export const handler = stageHandler(
  'register-case',
  RegisterCaseInput,
  RegisterCaseOutput,
  (input) => registerCase(input, ports),
  ({ state }) => [
    {
      name: state === 'needs-review' ? METRICS.casesForReview : METRICS.casesReady,
      value: state === 'superseded' ? 0 : 1,
    },
  ],
);
