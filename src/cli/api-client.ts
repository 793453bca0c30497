import {
  API,
  API_PREFIX,
  ApiError,
  type OperationName,
  type RequestOf,
  type ResponseOf,
} from '../contracts/api.ts';
import { isErrorCode, PipelineError } from '../contracts/errors.ts';

type Names<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
/** The values of an operation's path parameters. */
type PathOf<N extends OperationName> = Readonly<Record<Names<(typeof API)[N]['path']>, string>>;

/** Calls the HTTP API by the names of its operations; requests and answers are checked by the same schemas. */
export interface ApiClient {
  call<N extends OperationName>(name: N, path: PathOf<N>, request?: RequestOf<N>): Promise<ResponseOf<N>>;
}

const TIMEOUT_MS = 60_000;

/**
 * @param baseUrl - origin of the dashboard and API, without a slash at its end.
 * @param token - called before each request, so that a sign-in is refreshed while a command runs for hours.
 */
export function createApiClient(baseUrl: string, token: () => Promise<string>): ApiClient {
  return {
    async call(name, path, request) {
      const operation = API[name];
      const values = operation.method === 'GET' ? request : checkRequest(name, request ?? {});
      const url = `${baseUrl}${API_PREFIX}${fillPath(operation.path, path)}${queryOf(operation.method, values)}`;
      const response = await send(url, operation.method, await token(), values);
      const body = await readBody(response, url);
      if (!response.ok) throw errorOf(response, body);
      return parseAnswer(name, body);
    },
  };
}

function checkRequest(name: OperationName, request: unknown): unknown {
  const parsed = API[name].request.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new PipelineError('InvalidRequest', 'nothing was sent; correct what is listed and try again', {
    problems,
  });
}

function fillPath(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

function queryOf(method: string, values: unknown): string {
  if (method !== 'GET' || values === undefined) return '';
  const pairs = Object.entries(values as Record<string, unknown>).filter(([, value]) => value !== undefined);
  return pairs.length === 0
    ? ''
    : `?${new URLSearchParams(pairs.map(([k, v]): [string, string] => [k, String(v)]))}`;
}

async function send(url: string, method: string, token: string, values: unknown): Promise<Response> {
  const hasBody = method === 'POST' || method === 'PUT';
  try {
    return await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
      },
      ...(hasBody ? { body: JSON.stringify(values) } : {}),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new PipelineError(
      'UpstreamError',
      `${new URL(url).origin} does not answer; check the address and, for the local machine, run \`contourflow up\``,
      { url },
      { cause },
    );
  }
}

async function readBody(response: Response, url: string): Promise<unknown> {
  const text = await response.text();
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new PipelineError(
      'UpstreamError',
      `${new URL(url).origin} answered ${response.status} with something that is not JSON; is it a contourflow address?`,
      { status: response.status },
    );
  }
}

function errorOf(response: Response, body: unknown): PipelineError {
  const parsed = ApiError.safeParse(body);
  if (parsed.success) {
    const { code, message, details, requestId } = parsed.data.error;
    return new PipelineError(isErrorCode(code) ? code : 'UpstreamError', message, { ...details, requestId });
  }
  // The gateway's own refusals come before our code and have its shape.
  const code =
    response.status === 401 ? 'Unauthenticated' : response.status === 403 ? 'Forbidden' : 'UpstreamError';
  const advice = response.status === 401 ? 'sign in with `contourflow login`' : 'try again';
  return new PipelineError(code, `the API answered ${response.status}; ${advice}`, {
    status: response.status,
  });
}

function parseAnswer<N extends OperationName>(name: N, body: unknown): ResponseOf<N> {
  const parsed = API[name].response.safeParse(body);
  if (parsed.success) return parsed.data as ResponseOf<N>;
  throw new PipelineError(
    'UpstreamError',
    `the answer to ${name} is not what this version of contourflow expects; use the CLI of the deployed version`,
    { issues: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) },
  );
}
