import { STAGE_ENV } from '../../src/contracts/env.ts';
import { ResampleVolumeInput, ResampleVolumeOutput } from '../../src/contracts/stages/prepare-session.ts';
import { resampleVolume } from '../../src/pipeline/resample-volume.ts';
import { objects } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['resample-volume']);
const ports = { objects: objects(env) };

export const handler = stageHandler('resample-volume', ResampleVolumeInput, ResampleVolumeOutput, (input) =>
  resampleVolume(input, ports),
);
