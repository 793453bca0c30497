import { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import type { Caller } from './call.ts';

const Claims = z.record(z.string(), z.unknown());

/** The parts of an HTTP API event (payload format 2.0) that the API reads. */
const HttpApiEvent = z.object({
  rawPath: z.string(),
  queryStringParameters: z.record(z.string(), z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    authorizer: z.object({ jwt: z.object({ claims: Claims }).nullish() }).nullish(),
  }),
});

export interface HttpRequest {
  readonly method: string;
  /** With the `/v1` prefix and still percent-encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly claims: Readonly<Record<string, unknown>> | null;
}

/** @throws InvalidRequest for an event that is not an HTTP API's. */
export function readHttpEvent(event: unknown): HttpRequest {
  const parsed = HttpApiEvent.safeParse(event);
  if (!parsed.success) {
    throw new PipelineError('InvalidRequest', 'the event is not an HTTP API request; call the API over HTTP');
  }
  const { rawPath, queryStringParameters, body, isBase64Encoded, requestContext } = parsed.data;
  return {
    method: requestContext.http.method.toUpperCase(),
    path: rawPath,
    query: queryStringParameters ?? {},
    body: isBase64Encoded ? decodeBase64(body ?? '') : (body ?? ''),
    claims: requestContext.authorizer?.jwt?.claims ?? null,
  };
}

/**
 * The caller from the claims of a verified token: `username` in an access token, `cognito:username` in an id token.
 *
 * @throws Unauthenticated when no verified token came with the request.
 */
export function callerOf({ claims }: HttpRequest, adminGroup: string): Caller {
  const user = claims?.username ?? claims?.['cognito:username'];
  if (typeof user !== 'string' || user === '' || user.length > 128) {
    throw new PipelineError(
      'Unauthenticated',
      'nobody is signed in; sign in (contourflow login) and call again',
    );
  }
  return { user, admin: groupsIn(claims?.['cognito:groups']).includes(adminGroup) };
}

/** HTTP API gives a list claim as the text `[admins owners]`; other gateways as a list or with commas. */
function groupsIn(claim: unknown): string[] {
  if (Array.isArray(claim)) {
    return claim.filter((group) => typeof group === 'string');
  }
  return typeof claim === 'string' ? claim.replace(/^\[|\]$/g, '').split(/[\s,]+/) : [];
}

function decodeBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
}
