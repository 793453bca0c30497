import { serveApi } from '../../../src/api/serve-api.ts';
import type { OperationName, RequestOf, ResponseOf } from '../../../src/contracts/api.ts';
import { API, API_PREFIX } from '../../../src/contracts/api.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';

export const SETTINGS = { adminGroup: 'admins' };

export interface TestCall {
  /** User name, or null for a request without a token. */
  readonly user?: string | null;
  readonly groups?: string;
  readonly path?: Readonly<Record<string, string>>;
}

/** The event that an HTTP API sends for this call. */
export function httpEvent(
  operation: OperationName,
  { user = 'the-owner', groups, path = {} }: TestCall,
  request: unknown = {},
): Record<string, unknown> {
  const { method, path: template } = API[operation];
  const rawPath = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  const claims = { username: user, ...(groups ? { 'cognito:groups': groups } : {}) };
  return {
    version: '2.0',
    rawPath: `${API_PREFIX}${rawPath}`,
    ...(method === 'GET'
      ? {
          queryStringParameters: Object.fromEntries(
            Object.entries(request as object).map(([k, v]) => [k, String(v)]),
          ),
        }
      : { body: JSON.stringify(request) }),
    requestContext: { http: { method }, ...(user === null ? {} : { authorizer: { jwt: { claims } } }) },
  };
}

/** Calls an operation as the project's owner unless told otherwise. */
export async function callApi<N extends OperationName>(
  ports: MemoryPorts,
  operation: N,
  call: TestCall = {},
  request?: RequestOf<N>,
): Promise<ResponseOf<N>> {
  const path = { project: 'abdomen', ...call.path };
  return (await serveApi(httpEvent(operation, { ...call, path }, request), ports, SETTINGS)) as ResponseOf<N>;
}
