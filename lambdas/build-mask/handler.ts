import { STAGE_ENV } from '../../src/contracts/env.ts';
import { BuildMaskInput, BuildMaskOutput } from '../../src/contracts/stages/prepare-session.ts';
import { buildMask } from '../../src/pipeline/build-mask.ts';
import { objects } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['build-mask']);
const ports = { objects: objects(env) };

export const handler = stageHandler('build-mask', BuildMaskInput, BuildMaskOutput, (input) =>
  buildMask(input, ports),
);
