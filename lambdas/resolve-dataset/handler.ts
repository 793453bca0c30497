import { STAGE_ENV } from '../../src/contracts/env.ts';
import { ResolveDatasetInput, ResolveDatasetOutput } from '../../src/contracts/stages/save-dataset.ts';
import { resolveDataset } from '../../src/pipeline/resolve-dataset.ts';
import { hasher, objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['resolve-dataset']);
const ports = { records: records(env), objects: objects(env), hasher };

export const handler = stageHandler('resolve-dataset', ResolveDatasetInput, ResolveDatasetOutput, (input) =>
  resolveDataset(input, ports),
);
