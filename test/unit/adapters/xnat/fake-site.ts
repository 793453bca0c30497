import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeSite {
  readonly url: string;
  /** `METHOD path`, in order of arrival. */
  readonly calls: string[];
  stop(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, earlier: number) => void;

/** A server that opens a session and leaves every other answer to the test; `earlier` counts calls of that path. */
export async function startFakeSite(answer: Answer): Promise<FakeSite> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const call = `${request.method} ${request.url}`;
    const earlier = calls.filter((one) => one === call).length;
    calls.push(call);
    if (request.url === '/data/JSESSION') {
      response.writeHead(200, { 'set-cookie': `JSESSIONID=S${earlier + 1}; Path=/` }).end(`S${earlier + 1}`);
      return;
    }
    answer(request, response, earlier);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
