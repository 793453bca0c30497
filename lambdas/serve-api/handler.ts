import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { serveApi } from '../../src/api/serve-api.ts';
import { STAGE_ENV } from '../../src/contracts/env.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { Archives } from '../../src/ports/index.ts';
import {
  archives,
  clock,
  hasher,
  hints,
  ids,
  logs,
  objects,
  records,
  workflows,
} from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { httpErrors, jsonResponse } from '../_shared/http-errors.ts';
import { wrap } from '../_shared/middleware.ts';

const env = loadEnv(STAGE_ENV['serve-api']);
const ports = {
  records: records(env),
  objects: objects(env),
  hints: hints(env),
  workflows: workflows(env),
  logs: logs(env),
  archives: configuredArchives(),
  ids: ids(),
  clock,
  hasher,
};
const settings = { adminGroup: env.CONTOURFLOW_ADMIN_GROUP };

export const handler = wrap<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(
  'serve-api',
  async (event) => jsonResponse(200, await serveApi(event, ports, settings)),
  httpErrors(),
);

/** Without an archive's settings everything works but looking into one. */
function configuredArchives(): Archives {
  const { CONTOURFLOW_ARCHIVE_PARAMETERS, CONTOURFLOW_ARCHIVE_SECRETS } = env;
  if (CONTOURFLOW_ARCHIVE_PARAMETERS && CONTOURFLOW_ARCHIVE_SECRETS) {
    return archives({ CONTOURFLOW_ARCHIVE_PARAMETERS, CONTOURFLOW_ARCHIVE_SECRETS });
  }
  return {
    ids: async () => [],
    open: async () => {
      throw new PipelineError(
        'ConfigurationError',
        'the API has no access to archives; wait for the poll sweep',
      );
    },
  };
}
