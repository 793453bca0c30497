import { STAGE_ENV } from '../../src/contracts/env.ts';
import { RegisterExportInput, RegisterExportOutput } from '../../src/contracts/stages/release-model.ts';
import { registerExport } from '../../src/pipeline/register-export.ts';
import { objects, records } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['register-export']);
const ports = { records: records(env), objects: objects(env) };

export const handler = stageHandler('register-export', RegisterExportInput, RegisterExportOutput, (input) =>
  registerExport(input, ports),
);
