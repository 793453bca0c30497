import { STAGE_ENV } from '../../src/contracts/env.ts';
import { PublishResourcesInput, PublishResourcesOutput } from '../../src/contracts/stages/prepare-session.ts';
import { publishResources } from '../../src/pipeline/publish-resources.ts';
import { archives, objects } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['publish-resources']);
const ports = { archives: archives(env), objects: objects(env) };

export const handler = stageHandler(
  'publish-resources',
  PublishResourcesInput,
  PublishResourcesOutput,
  (input) => publishResources(input, ports),
);
