import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ApiError } from '../../src/contracts/api.ts';
import { toPipelineError } from './error-mapping.ts';

/** Errors as the API's own body, with the status of their code; what is unforeseen is not described to callers. */
export function httpErrors(): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  return {
    onError: (request) => {
      const error = toPipelineError(request.error);
      const internal = error.code === 'InternalError' || error.code === 'ConfigurationError';
      const body: ApiError = {
        error: {
          code: error.code,
          message: internal
            ? 'something unforeseen happened; the log has it under this request id'
            : error.message,
          details: internal ? {} : { ...error.details },
          requestId: request.context.awsRequestId,
        },
      };
      request.response = jsonResponse(error.httpStatus, body);
    },
  };
}

export function jsonResponse(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}
