import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createXnatAdmin, type XnatAdmin } from '../../../local/xnat/admin-client.ts';
import { startXnat, type XnatOptions } from '../../../local/xnat/start-xnat.ts';

export const LOGIN = { user: 'admin', password: 'correct horse' };
/** The example secret of the Standard Webhooks specification. */
export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export interface TestXnat {
  readonly url: string;
  readonly dataDir: string;
  readonly admin: XnatAdmin;
  /** A call as the administrator; `path` begins with `/data` or `/xapi`. */
  get(path: string): Promise<Response>;
  send(method: string, path: string, body?: string | Uint8Array): Promise<Response>;
  /** Stops and starts on the same folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A stand-in on a free port with a folder of its own and short delays. */
export async function startTestXnat(overrides: Partial<XnatOptions> = {}): Promise<TestXnat> {
  const dataDir = await mkdtemp(join(tmpdir(), 'contourflow-xnat-'));
  const options: XnatOptions = {
    port: 0,
    dataDir,
    adminUser: LOGIN.user,
    adminPassword: LOGIN.password,
    hooks: { archiveId: 'xnat-1', secret: SECRET, firstRetryMs: 20 },
    saveDelayMs: 40,
    eventDelayMs: 5,
    ...overrides,
  };
  let server = await startXnat(options);
  const { url, port } = server;
  const authorization = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`;
  const send = (method: string, path: string, body?: string | Uint8Array): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization },
      ...(body === undefined ? {} : { body: body as string }),
    });
  return {
    url,
    dataDir,
    admin: createXnatAdmin({ url, ...LOGIN }),
    get: (path) => send('GET', path),
    send,
    restart: async () => {
      await server.stop();
      server = await startXnat({ ...options, port });
    },
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Rows of a JSON list. */
export async function listed(response: Response): Promise<Record<string, string>[]> {
  expectOk(response);
  const body = (await response.json()) as { ResultSet: { Result: Record<string, string>[] } };
  return body.ResultSet.Result;
}

function expectOk(response: Response): void {
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
}

export interface ReceivedHook {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly body: Record<string, unknown>;
}

export interface HookReceiver {
  readonly url: string;
  readonly received: ReceivedHook[];
  /** Waits until `count` calls came, at most five seconds. */
  waitFor(count: number): Promise<ReceivedHook[]>;
  stop(): Promise<void>;
}

/** A webhook endpoint that answers with the statuses given, then with 202. */
export async function startHookReceiver(statuses: readonly number[] = []): Promise<HookReceiver> {
  const received: ReceivedHook[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts).toString('utf8');
      response.writeHead(statuses[received.length] ?? 202).end();
      received.push({ headers: request.headers, raw, body: JSON.parse(raw) as Record<string, unknown> });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/hooks/xnat`,
    received,
    waitFor: async (count) => {
      for (let waited = 0; received.length < count && waited < 5000; waited += 20) await delay(20);
      return received;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
