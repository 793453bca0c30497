import type { z } from 'zod';
import { API, API_PREFIX, type OperationName, PATH_PARAMETERS } from '../contracts/api.ts';
import { PipelineError } from '../contracts/errors.ts';
import { CaseId, DatasetId, ExportId, ModelVersionId, RunId } from '../contracts/identifiers.ts';

export interface Route {
  readonly operation: OperationName;
  /** Decoded, not yet checked. */
  readonly path: Readonly<Record<string, string>>;
}

const NAMES = Object.keys(API) as OperationName[];

/** @throws NotFound when no operation has this method and path. */
export function findRoute(method: string, path: string): Route {
  const segments = path.startsWith(`${API_PREFIX}/`) ? path.slice(API_PREFIX.length).split('/') : null;
  for (const operation of segments ? NAMES : []) {
    const { method: wanted, path: template } = API[operation];
    const found = wanted === method ? matchPath(template, segments ?? []) : null;
    if (found) {
      return { operation, path: found };
    }
  }
  throw new PipelineError(
    'NotFound',
    `there is no operation ${method} ${path.slice(0, 200)}; see docs/ for the API`,
  );
}

function matchPath(template: string, segments: readonly string[]): Record<string, string> | null {
  const parts = template.split('/');
  if (parts.length !== segments.length) {
    return null;
  }
  const values: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = decode(segments[index] ?? '');
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (segment === null || (name ? segment === '' : segment !== part)) {
      return null;
    }
    if (name) values[name] = segment;
  }
  return values;
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

const PARAMETERS: Readonly<Record<string, z.ZodType>> = {
  ...PATH_PARAMETERS,
  modelVersionId: ModelVersionId,
  caseId: CaseId,
  datasetId: DatasetId,
  runId: RunId,
  saveId: RunId,
  promotionId: RunId,
  exportId: ExportId,
};

/** @throws InvalidRequest naming each path parameter that cannot be an id of its kind. */
export function checkPathParameters(path: Route['path']): void {
  const problems = Object.entries(path).flatMap(([name, value]) => {
    const issue = PARAMETERS[name]?.safeParse(value).error?.issues[0];
    return issue ? [{ path: name, message: issue.message }] : [];
  });
  if (problems.length > 0) {
    const text = problems.map(({ path: name, message }) => `${name}: ${message}`).join('; ');
    throw new PipelineError('InvalidRequest', `the path cannot be used: ${text}`, { problems });
  }
}
