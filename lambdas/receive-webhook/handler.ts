import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { STAGE_ENV } from '../../src/contracts/env.ts';
import { receiveWebhook } from '../../src/pipeline/receive-webhook.ts';
import { clock, hints, records, secrets } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { httpErrors, jsonResponse } from '../_shared/http-errors.ts';
import { wrap } from '../_shared/middleware.ts';

const env = loadEnv(STAGE_ENV['receive-webhook']);
const ports = { clock, hints: hints(env), records: records(env), secrets: secrets(env) };

/** `POST /v1/webhooks/{archive}`: 202 with the delivery's id; the signature covers the body's bytes as they came. */
export const handler = wrap(
  'receive-webhook',
  async ({ headers, body = '', isBase64Encoded, pathParameters }: APIGatewayProxyEventV2) => {
    const receipt = await receiveWebhook(
      {
        archiveId: pathParameters?.archive ?? '',
        headers,
        rawBody: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
      },
      ports,
    );
    return jsonResponse(202, receipt);
  },
  httpErrors(),
);
