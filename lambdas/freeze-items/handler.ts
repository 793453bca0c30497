import { STAGE_ENV } from '../../src/contracts/env.ts';
import { FreezeItemsInput, FreezeItemsOutput } from '../../src/contracts/stages/save-dataset.ts';
import { freezeItems } from '../../src/pipeline/freeze-items.ts';
import { objects } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['freeze-items']);
const ports = { objects: objects(env) };

export const handler = stageHandler('freeze-items', FreezeItemsInput, FreezeItemsOutput, (input) =>
  freezeItems(input, ports),
);
