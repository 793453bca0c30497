import { STAGE_ENV } from '../../src/contracts/env.ts';
import { METRICS } from '../../src/contracts/metrics.ts';
import { QuarantineCaseInput, QuarantineCaseOutput } from '../../src/contracts/stages/prepare-session.ts';
import { quarantineCase } from '../../src/pipeline/quarantine-case.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['quarantine-case']);
const ports = { objects: objects(env), records: records(env) };

export const handler = stageHandler(
  'quarantine-case',
  QuarantineCaseInput,
  QuarantineCaseOutput,
  (input) => quarantineCase(input, ports),
  ({ caseIds }) => [{ name: METRICS.casesQuarantined, value: caseIds.length }],
);
