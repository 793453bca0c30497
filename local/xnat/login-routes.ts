import type { IncomingMessage } from 'node:http';
import type { Authenticator } from './auth.ts';
import { readBody } from './request.ts';
import { errorReply, type Reply, textReply } from './tables.ts';

/** An answer that may open or end a server session. */
interface LoginReply {
  readonly reply: Reply;
  /** Value of the JSESSIONID cookie to set. */
  readonly sessionId?: string;
}

/**
 * Answers the calls that concern the login itself; null for every other call.
 * `known` is the caller's user and session, null when the request must be refused.
 */
export async function loginRoute(
  auth: Authenticator,
  message: IncomingMessage,
  segments: readonly string[],
  known: { user: string; sessionId: string } | null,
): Promise<LoginReply | null> {
  const path = segments.filter((segment) => segment !== 'archive').join('/');
  const { method } = message;
  if (path === 'data/services/auth' && (method === 'PUT' || method === 'POST')) {
    const form = new URLSearchParams((await readBody(message)()).toString('utf8'));
    const sessionId = auth.login(form.get('username') ?? '', form.get('password') ?? '');
    if (sessionId === null) return { reply: errorReply(401, 'Authentication failed.') };
    return { reply: textReply(sessionId), sessionId };
  }
  if (known === null) return null;
  if (path === 'data/JSESSION' || path === 'REST/JSESSION') {
    if (method !== 'DELETE') return { reply: textReply(known.sessionId), sessionId: known.sessionId };
    auth.close(`JSESSIONID=${known.sessionId}`);
    return { reply: textReply('') };
  }
  if (path === 'data/auth') return { reply: textReply(`User '${known.user}' is logged in`) };
  return null;
}
