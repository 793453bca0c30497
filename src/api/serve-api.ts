import type { z } from 'zod';
import { API, type OperationName } from '../contracts/api.ts';
import { PipelineError } from '../contracts/errors.ts';
import { auditSubject, changesSomething, recordAudit } from './audit.ts';
import { authorise } from './authorise.ts';
import type { ApiPorts, Call } from './call.ts';
import { callerOf, readHttpEvent } from './http-request.ts';
import { OPERATIONS } from './operations.ts';
import { readRequest } from './request-body.ts';
import { checkPathParameters, findRoute } from './route.ts';

export interface ApiSettings {
  /** Cognito group whose members are site admins. */
  readonly adminGroup: string;
}

/**
 * Answers one HTTP API request: who calls, which operation, may they, is the request sound; then the operation,
 * and its answer checked against the contract.
 *
 * @param event - HTTP API event, payload format 2.0, behind a JWT authorizer.
 * @returns the body of a 200 response.
 * @throws PipelineError whose `httpStatus` is the response's status.
 */
export async function serveApi(event: unknown, ports: ApiPorts, settings: ApiSettings): Promise<unknown> {
  const http = readHttpEvent(event);
  const caller = callerOf(http, settings.adminGroup);
  const { operation, path } = findRoute(http.method, http.path);
  await authorise(operation, path.project, caller, ports);
  checkPathParameters(path);
  const request = readRequest(operation, http);
  const answer = await perform(operation, { caller, path, request }, ports);
  if (changesSomething(operation)) {
    const project = path.project ?? projectOf(answer);
    await recordAudit(operation, project, caller, auditSubject(path, answer), ports);
  }
  return checkAnswer(operation, answer);
}

/** Path and request were checked against the operation's own schemas just before, which the types cannot follow. */
function perform(
  operation: OperationName,
  call: { caller: Call<'getMe'>['caller']; path: Readonly<Record<string, string>>; request: unknown },
  ports: ApiPorts,
): Promise<unknown> {
  const handle = OPERATIONS[operation] as (call: unknown, ports: ApiPorts) => Promise<unknown>;
  return handle(call, ports);
}

function projectOf(answer: unknown): string {
  const project = answer !== null && typeof answer === 'object' ? Reflect.get(answer, 'project') : undefined;
  return typeof project === 'string' ? project : 'site';
}

function checkAnswer(operation: OperationName, answer: unknown): unknown {
  const schema: z.ZodType = API[operation].response;
  const parsed = schema.safeParse(answer);
  if (parsed.success) {
    return parsed.data;
  }
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new PipelineError(
    'InternalError',
    `the answer of ${operation} does not match its contract at "${path}"; report this`,
    { operation, path },
  );
}
