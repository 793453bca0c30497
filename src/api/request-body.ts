import type { z } from 'zod';
import { API, type OperationName } from '../contracts/api.ts';
import { PipelineError } from '../contracts/errors.ts';
import type { HttpRequest } from './http-request.ts';

/**
 * What an operation is asked with: the query string of a GET, else the JSON body (none counts as `{}`).
 *
 * @throws InvalidRequest with every problem and its path.
 */
export function readRequest(operation: OperationName, http: HttpRequest): unknown {
  const schema: z.ZodType = API[operation].request;
  const parsed = schema.safeParse(http.method === 'GET' ? http.query : parseBody(http.body));
  if (parsed.success) {
    return parsed.data;
  }
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const text = problems.slice(0, 10).map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new PipelineError('InvalidRequest', `the request cannot be used: ${text.join('; ')}`, { problems });
}

function parseBody(body: string): unknown {
  if (body.trim() === '') {
    return {};
  }
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new PipelineError('InvalidRequest', 'the body is not JSON; send a JSON object', {}, { cause });
  }
}
