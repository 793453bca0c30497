import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { serveApi } from '../../src/api/serve-api.ts';
import { STAGE_ENV } from '../../src/contracts/env.ts';
import {
  clock,
  hasher,
  hints,
  ids,
  logs,
  objects,
  records,
  trainingHosts,
  workflows,
} from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { httpErrors, jsonResponse } from '../_shared/http-errors.ts';
import { wrap } from '../_shared/middleware.ts';
import { archivesIfConfigured } from './archives-if-configured.ts';

const env = loadEnv(STAGE_ENV['serve-api']);
const ports = {
  records: records(env),
  objects: objects(env),
  hints: hints(env),
  workflows: workflows(env),
  logs: logs(env),
  archives: archivesIfConfigured(env),
  ids: ids(),
  trainingHosts: trainingHosts(env),
  clock,
  hasher,
};
const settings = { adminGroup: env.CONTOURFLOW_ADMIN_GROUP };

export const handler = wrap<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(
  'serve-api',
  async (event) => jsonResponse(200, await serveApi(event, ports, settings)),
  httpErrors(),
);
