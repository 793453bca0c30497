import { STAGE_ENV } from '../../src/contracts/env.ts';
import { CertifyCaseInput, CertifyCaseOutput } from '../../src/contracts/stages/prepare-session.ts';
import { certifyCase } from '../../src/pipeline/certify-case.ts';
import { objects } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['certify-case']);
const ports = { objects: objects(env) };

export const handler = stageHandler('certify-case', CertifyCaseInput, CertifyCaseOutput, (input) =>
  certifyCase(input, ports),
);
