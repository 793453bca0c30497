import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { API, API_PREFIX, type OperationName } from '../../../src/contracts/api.ts';

/** One request as the server took it. */
export interface Seen {
  readonly name: OperationName;
  readonly path: Readonly<Record<string, string>>;
  readonly request: unknown;
  readonly token: string;
}
type Handler = (seen: Seen) => unknown;
export type Handlers = Partial<Record<OperationName, Handler>>;

export interface FakeApi {
  readonly url: string;
  readonly seen: Seen[];
  stop(): Promise<void>;
}

/** A refusal as the real API words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * A server of the API's contract: routes by the table of operations, checks each request by its schema and each
 * answer by its schema, so that a test cannot pass against an API that does not exist.
 */
export async function startFakeApi(handlers: Handlers): Promise<FakeApi> {
  const seen: Seen[] = [];
  const server = createServer((message, response) => {
    answer(message, handlers, seen).then(
      (body) => send(response, 200, body),
      (error) => {
        const { status, code } = error instanceof Refusal ? error : { status: 500, code: 'InternalError' };
        const details = { code, message: String(error.message), details: {}, requestId: 'r-1' };
        send(response, status, { error: details });
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function answer(message: IncomingMessage, handlers: Handlers, seen: Seen[]): Promise<unknown> {
  const url = new URL(message.url ?? '/', 'http://127.0.0.1');
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { name, path } = routeOf(message.method ?? '', url.pathname);
  const operation = API[name];
  const text = Buffer.concat(chunks).toString();
  const sent = message.method === 'GET' ? Object.fromEntries(url.searchParams) : JSON.parse(text || '{}');
  const request = operation.request.parse(sent);
  const call: Seen = { name, path, request, token: String(message.headers.authorization) };
  seen.push(call);
  const handler = handlers[name];
  if (handler === undefined) throw new Refusal(404, 'NotFound', `nothing answers ${name}`);
  return operation.response.parse(handler(call));
}

function routeOf(method: string, pathname: string): { name: OperationName; path: Record<string, string> } {
  for (const [name, operation] of Object.entries(API)) {
    const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
    const pattern = operation.path.replace(/\{\w+\}/g, '([^/]+)');
    const match = new RegExp(`^${API_PREFIX}${pattern}$`).exec(pathname);
    if (match === null || operation.method !== method) continue;
    const path = Object.fromEntries(names.map((key, at) => [key, decodeURIComponent(match[at + 1] ?? '')]));
    return { name: name as OperationName, path };
  }
  throw new Refusal(404, 'NotFound', `no operation ${method} ${pathname}`);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
