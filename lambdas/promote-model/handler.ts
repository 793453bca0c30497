import { STAGE_ENV } from '../../src/contracts/env.ts';
import { PromoteModelInput, PromoteModelOutput } from '../../src/contracts/stages/release-model.ts';
import { promoteModel } from '../../src/pipeline/promote-model.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['promote-model']);
const ports = { records: records(env), objects: objects(env) };

export const handler = stageHandler('promote-model', PromoteModelInput, PromoteModelOutput, (input) =>
  promoteModel(input, ports),
);
