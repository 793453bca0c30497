import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createXnatHttp,
  type XnatConnection,
  type XnatHttp,
} from '../../../../src/adapters/xnat/xnat-http.ts';
import { type Answer, type FakeSite, startFakeSite } from './fake-site.ts';

const PASSWORD = 'very secret';
let site: FakeSite | undefined;
afterEach(() => site?.stop());

async function connect(answer: Answer, overrides: Partial<XnatConnection> = {}): Promise<XnatHttp> {
  site = await startFakeSite(answer);
  const connection = { baseUrl: site.url, username: 'robot', password: PASSWORD, retryDelaysMs: [1, 1] };
  return createXnatHttp({ ...connection, ...overrides });
}

const GET = { method: 'GET', path: '/data/projects?format=json' } as const;
const failureOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error as Error & { code: string; retryable: boolean };
};

describe('createXnatHttp', () => {
  it('opens one server session for many calls at once, sends its cookie, and deletes it at the end', async () => {
    const cookies: (string | undefined)[] = [];
    const http = await connect((request, response) => {
      cookies.push(request.headers.cookie);
      expect(request.headers.authorization).toBeUndefined();
      expect(request.headers['user-agent']).toMatch(/^contourflow\//);
      response.end('{}');
    });
    await Promise.all([http.send(GET), http.send(GET), http.send(GET)]);
    await http.close();
    expect(cookies).toEqual(Array.from({ length: 3 }, () => 'JSESSIONID=S1'));
    expect(site?.calls.filter((call) => call === 'POST /data/JSESSION')).toHaveLength(1);
    expect(site?.calls.at(-1)).toBe('DELETE /data/JSESSION');
  });

  it('logs in once more when the server session ends in the middle of the job', async () => {
    const http = await connect((request, response) => {
      response.writeHead(request.headers.cookie === 'JSESSIONID=S2' ? 200 : 401).end('ok');
    });
    const answers = await Promise.all([http.send(GET), http.send(GET)]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect(site?.calls.filter((call) => call === 'POST /data/JSESSION')).toHaveLength(2);
  });

  it('tries again after 503 and a broken connection', async () => {
    const http = await connect((request, response, earlier) => {
      if (earlier === 0) request.socket.destroy();
      else if (earlier === 1) response.writeHead(503).end('<html>down</html>');
      else response.end('up');
    });
    expect(Buffer.from((await http.send(GET)).bytes).toString()).toBe('up');
  });

  it('gives up as ArchiveUnavailable, which may be retried, when XNAT stays down', async () => {
    const http = await connect((_, response) => response.writeHead(502).end());
    const error = await failureOf(http.send(GET));
    expect([error.code, error.retryable]).toEqual(['ArchiveUnavailable', true]);
    expect(site?.calls.filter((call) => call.startsWith('GET'))).toHaveLength(3);
  });

  it('gives up as ArchiveUnavailable when there is no answer in time', async () => {
    const http = await connect(() => undefined, { timeoutMs: 40, retryDelaysMs: [] });
    const error = await failureOf(http.send(GET));
    expect(error.code).toBe('ArchiveUnavailable');
    expect(error.message).toContain('no answer in 40 ms');
  });

  it.each([
    [401, 'user name and the secret'],
    [403, 'member access'],
    [404, 'still exists'],
    [422, 'content was refused'],
    [302, 'set the archive URL'],
  ])(
    'reports %d as ArchiveRejected at once, with what to do and nothing of the body',
    async (status, advice) => {
      const http = await connect((_, response) => response.writeHead(status).end('<html>DOE^JANE</html>'));
      const error = await failureOf(http.send(GET));
      expect([error.code, error.retryable]).toEqual(['ArchiveRejected', false]);
      expect(error.message).toContain(advice);
      expect(error.message).not.toContain('DOE');
      expect(JSON.stringify(error)).not.toContain(PASSWORD);
    },
  );

  it('stops reading an answer that is larger than allowed', async () => {
    const http = await connect((_, response) => response.end(Buffer.alloc(5000)), { maximumBytes: 4096 });
    const error = await failureOf(http.send(GET));
    expect(error.code).toBe('ArchiveRejected');
    expect(error.message).toContain('4096 bytes');
  });

  it('keeps a path prefix of the site', async () => {
    const http = await connect((_, response) => response.end('ok'));
    const prefixed = createXnatHttp({ baseUrl: `${site?.url}/xnat/`, username: 'robot', password: PASSWORD });
    await failureOf(prefixed.send(GET));
    expect(site?.calls).toEqual(['POST /xnat/data/JSESSION', 'GET /xnat/data/projects?format=json']);
    await http.close();
  });

  it('reports wrong credentials of the login itself as ArchiveRejected', async () => {
    const http = await connect((_, response) => response.writeHead(401).end('<html>no</html>'));
    const refused = createXnatHttp({ baseUrl: `${site?.url}/closed`, username: 'robot', password: PASSWORD });
    const error = await failureOf(refused.send(GET));
    expect(error.code).toBe('ArchiveRejected');
    expect(error.message).toContain('/data/JSESSION');
    await http.close();
  });
});
