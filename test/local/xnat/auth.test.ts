import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOGIN, startTestXnat, type TestXnat } from './running-xnat.ts';

let xnat: TestXnat;
beforeAll(async () => {
  xnat = await startTestXnat();
});
afterAll(() => xnat.stop());

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

describe('authentication', () => {
  it('answers 401 as an HTML page without credentials, and with wrong ones', async () => {
    for (const headers of [{}, basic(LOGIN.user, 'wrong'), basic('nobody', LOGIN.password)]) {
      const response = await fetch(`${xnat.url}/data/projects?format=json`, { headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toContain('text/html');
    }
  });

  it('opens a server session by Basic, serves its cookie without credentials, and ends it on DELETE', async () => {
    const opened = await fetch(`${xnat.url}/data/JSESSION`, {
      method: 'POST',
      headers: basic(LOGIN.user, LOGIN.password),
    });
    const id = await opened.text();
    const headers = { cookie: `JSESSIONID=${id}` };
    expect(opened.headers.getSetCookie()[0]).toContain(`JSESSIONID=${id}`);
    expect((await fetch(`${xnat.url}/data/auth`, { headers })).status).toBe(200);
    await fetch(`${xnat.url}/data/JSESSION`, { method: 'DELETE', headers });
    expect((await fetch(`${xnat.url}/data/auth`, { headers })).status).toBe(401);
  });

  it('logs in by form and refuses a wrong password', async () => {
    const login = (password: string) =>
      fetch(`${xnat.url}/data/services/auth`, {
        method: 'PUT',
        body: new URLSearchParams({ username: LOGIN.user, password }),
      });
    expect((await login('wrong')).status).toBe(401);
    const id = await (await login(LOGIN.password)).text();
    const known = await fetch(`${xnat.url}/data/auth`, { headers: { cookie: `JSESSIONID=${id}` } });
    expect(await known.text()).toBe(`User '${LOGIN.user}' is logged in`);
  });

  it('issues alias tokens that work as user and password until they are invalidated', async () => {
    const token = (await (await xnat.get('/data/services/tokens/issue')).json()) as Record<string, string>;
    const { alias = '', secret = '' } = token;
    const asAlias = () => fetch(`${xnat.url}/data/auth`, { headers: basic(alias, secret) });
    expect((await asAlias()).status).toBe(200);
    const path = `/data/services/tokens/validate/${alias}/${secret}`;
    expect(await (await xnat.get(path)).json()).toEqual({ valid: LOGIN.user });
    await xnat.get(`/data/services/tokens/invalidate/${alias}/${secret}`);
    expect((await asAlias()).status).toBe(401);
    expect(await (await xnat.get(path)).json()).toEqual({});
  });

  it('ends a session after its time of silence', async () => {
    const impatient = await startTestXnat({ sessionTimeoutMs: 30 });
    const opened = await impatient.send('POST', '/data/JSESSION');
    const headers = { cookie: `JSESSIONID=${await opened.text()}` };
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await fetch(`${impatient.url}/data/auth`, { headers })).status).toBe(401);
    await impatient.stop();
  });
});
