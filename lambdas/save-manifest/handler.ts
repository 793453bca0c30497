import { STAGE_ENV } from '../../src/contracts/env.ts';
import { SaveManifestInput, SaveManifestOutput } from '../../src/contracts/stages/save-dataset.ts';
import { saveManifest } from '../../src/pipeline/save-manifest.ts';
import { hasher, objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['save-manifest']);
const ports = { records: records(env), objects: objects(env), hasher };

export const handler = stageHandler('save-manifest', SaveManifestInput, SaveManifestOutput, (input) =>
  saveManifest(input, ports),
);
