import { STAGE_ENV } from '../../src/contracts/env.ts';
import { CollectResultsInput, CollectResultsOutput } from '../../src/contracts/stages/train-model.ts';
import { collectResults } from '../../src/pipeline/collect-results.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['collect-results']);
const ports = { records: records(env), objects: objects(env) };

export const handler = stageHandler('collect-results', CollectResultsInput, CollectResultsOutput, (input) =>
  collectResults(input, ports),
);
