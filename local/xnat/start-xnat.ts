import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthenticator } from './auth.ts';
import { createEventService } from './events.ts';
import { HttpError } from './http-error.ts';
import { loginRoute } from './login-routes.ts';
import { pathSegments, readBody } from './request.ts';
import { route } from './routes.ts';
import type { XnatServer } from './server-context.ts';
import { openStore } from './store.ts';
import { errorReply, type Reply } from './tables.ts';

export interface XnatOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** State and files; a later start on the same folder goes on where this one ended. */
  readonly dataDir: string;
  readonly adminUser: string;
  readonly adminPassword: string;
  readonly hooks: {
    /** Our name for this XNAT, in every webhook body. */
    readonly archiveId: string;
    /** `whsec_<base64>`. */
    readonly secret: string;
    /** @default 8 */
    readonly maximumAttempts?: number;
    /** @default 500 */
    readonly firstRetryMs?: number;
  };
  /** @default 150 */
  readonly saveDelayMs?: number;
  /** @default 30 */
  readonly eventDelayMs?: number;
  /** @default 15 minutes */
  readonly sessionTimeoutMs?: number;
}

export interface RunningXnat {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Longer than a client may be busy between two requests: one that comes as the connection closes is lost. */
const KEEP_ALIVE_MS = 75_000;
const DEFAULT_SESSION_TIMEOUT_MS = 15 * 60 * 1000;

/** Starts the XNAT stand-in on 127.0.0.1. */
export async function startXnat(options: XnatOptions): Promise<RunningXnat> {
  const store = openStore(options.dataDir);
  const server: XnatServer = {
    store,
    auth: createAuthenticator(store, {
      adminUser: options.adminUser,
      adminPassword: options.adminPassword,
      sessionTimeoutMs: options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
    }),
    events: createEventService(store, {
      archiveId: options.hooks.archiveId,
      secret: options.hooks.secret,
      maximumAttempts: options.hooks.maximumAttempts ?? 8,
      firstRetryMs: options.hooks.firstRetryMs ?? 500,
      processingDelayMs: options.eventDelayMs ?? 30,
    }),
    saveDelayMs: options.saveDelayMs ?? 150,
  };
  const http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (message, response) => {
    answer(server, message).then(
      (reply) => send(message, response, reply),
      (error: unknown) => send(message, response, failureReply(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: async () => {
      await server.events.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function answer(server: XnatServer, message: IncomingMessage): Promise<Reply> {
  const url = new URL(message.url ?? '/', 'http://127.0.0.1');
  const segments = pathSegments(url.pathname);
  const header = (name: string): string => String(message.headers[name] ?? '');
  const known = server.auth.userOf(header('authorization'), header('cookie'));
  const login = await loginRoute(server.auth, message, segments, known);
  if (login !== null) return withSession(login.reply, login.sessionId);
  if (known === null) throw new HttpError(401, 'The request has not been authenticated.');
  const reply = await route(server, {
    method: message.method === 'HEAD' ? 'GET' : (message.method ?? 'GET'),
    segments,
    query: url.searchParams,
    header,
    body: readBody(message),
    user: known.user,
  });
  return withSession(reply, header('cookie').includes(known.sessionId) ? undefined : known.sessionId);
}

function withSession(reply: Reply, sessionId: string | undefined): Reply {
  if (sessionId === undefined) return reply;
  const cookie = `JSESSIONID=${sessionId}; Path=/; HttpOnly`;
  return { ...reply, headers: { ...reply.headers, 'set-cookie': cookie } };
}

function failureReply(error: unknown): Reply {
  if (error instanceof HttpError) return errorReply(error.status, error.message);
  return errorReply(500, `The server encountered an unexpected condition: ${(error as Error).message}`);
}

function send(message: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  // An unread request body would be taken for the next request on a kept-alive connection.
  message.resume();
  response.writeHead(reply.status, { ...reply.headers, 'content-length': body.length });
  response.end(message.method === 'HEAD' ? undefined : body);
}
