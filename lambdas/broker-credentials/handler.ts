import { STAGE_ENV } from '../../src/contracts/env.ts';
import { BrokerRequest, BrokerResponse } from '../../src/contracts/training.ts';
import { brokerCredentials } from '../../src/pipeline/broker-credentials.ts';
import { credentials, jobs } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { stageHandler } from '../_shared/stage-handler.ts';

const env = loadEnv(STAGE_ENV['broker-credentials']);
const ports = { jobs: jobs(), credentials: credentials(env) };

export const handler = stageHandler('broker-credentials', BrokerRequest, BrokerResponse, (request) =>
  brokerCredentials(request, env.CONTOURFLOW_BUCKET, ports),
);
