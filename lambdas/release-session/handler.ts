import { STAGE_ENV } from '../../src/contracts/env.ts';
import { ReleaseSessionInput, ReleaseSessionOutput } from '../../src/contracts/stages/prepare-session.ts';
import { releaseSession } from '../../src/pipeline/release-session.ts';
import { clock, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['release-session']);
const ports = { clock, records: records(env) };

export const handler = stageHandler('release-session', ReleaseSessionInput, ReleaseSessionOutput, (input) =>
  releaseSession(input, ports),
);
