import type { API, ApiError, OperationName, RequestOf, ResponseOf } from '../../../src/contracts/api.ts';
import { tokenStore } from './auth.ts';
import type { SiteConfig } from './config.ts';

/** The operations this dashboard calls: method and path, checked against the API's own table by type. */
const OPERATIONS = {
  getMe: ['GET', '/me'],
  listProjects: ['GET', '/projects'],
  getOverview: ['GET', '/projects/{project}/overview'],
  listCases: ['GET', '/projects/{project}/cases'],
  listDatasets: ['GET', '/projects/{project}/datasets'],
  listRuns: ['GET', '/projects/{project}/runs'],
  getRun: ['GET', '/projects/{project}/runs/{runId}'],
  listModelVersions: ['GET', '/projects/{project}/model-versions'],
} as const satisfies {
  [N in OperationName]?: readonly [(typeof API)[N]['method'], (typeof API)[N]['path']];
};
export type DashboardOperation = keyof typeof OPERATIONS;

/** A refusal of the API, with its code. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type CallApi = <N extends DashboardOperation>(
  name: N,
  path: Record<string, string>,
  query?: RequestOf<N>,
) => Promise<ResponseOf<N>>;

/** Calls the API as the signed-in user. Every one of these operations is a GET, so the request is the query. */
export function createApi(config: SiteConfig): CallApi {
  return async (name, path, query) => {
    const [method, template] = OPERATIONS[name];
    const filled = template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(path[key] ?? ''));
    const search = new URLSearchParams(query as Record<string, string> | undefined).toString();
    const response = await fetch(`${config.apiBase}${filled}${search ? `?${search}` : ''}`, {
      method,
      headers: { authorization: `Bearer ${tokenStore.read() ?? ''}` },
    });
    if (response.ok) return response.json();
    const body = (await response.json().catch(() => null)) as ApiError | null;
    throw new ApiFailure(
      body?.error?.code ?? 'UpstreamError',
      response.status,
      body?.error?.message ?? `the API answered ${response.status}`,
    );
  };
}
