import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { refresh, signIn } from '../../../src/cli/cognito.ts';
import { readSignIn, signedInClient } from '../../../src/cli/sign-in-file.ts';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { runCli, signedInFolder } from './run-cli.ts';

type Answer = { status: number; body: unknown };
let pool: Server | undefined;
let api: FakeApi | undefined;
afterEach(async () => {
  await new Promise((resolve) => (pool ? pool.close(resolve) : resolve(undefined)));
  await api?.stop();
  pool = undefined;
  api = undefined;
});

/** A user pool that answers by operation name and remembers what it was asked. */
async function startPool(...entries: [operation: string, answer: () => Answer][]) {
  const answers = new Map(entries);
  const asked: { operation: string; body: Record<string, unknown> }[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const operation = String(message.headers['x-amz-target']).split('.').at(-1) ?? '';
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    asked.push({ operation, body });
    const answer = answers.get(operation)?.() ?? {
      status: 400,
      body: { __type: 'InvalidParameterException' },
    };
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  pool = server;
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { target: { endpoint, clientId: 'client' }, asked };
}

const tokens = (access: string) => ({
  status: 200,
  body: { AuthenticationResult: { AccessToken: access, RefreshToken: 'refresh-2', ExpiresIn: 3600 } },
});

describe('signIn', () => {
  it('answers with tokens and when they run out', async () => {
    const { target } = await startPool(['InitiateAuth', () => tokens('a1')]);
    const before = Date.now();
    const result = await signIn(target, 'owner', 'secret', async () => 'unused');
    expect(result).toMatchObject({ accessToken: 'a1', refreshToken: 'refresh-2' });
    expect(Date.parse(result.expiresAt)).toBeGreaterThanOrEqual(before + 3_600_000);
  });

  it('lets a new user choose a password', async () => {
    const challenge = { ChallengeName: 'NEW_PASSWORD_REQUIRED', Session: 's1' };
    const { target, asked } = await startPool(
      ['InitiateAuth', () => ({ status: 200, body: challenge })],
      ['RespondToAuthChallenge', () => tokens('a2')],
    );
    const result = await signIn(target, 'owner', 'first', async () => 'Chosen-1234567');
    expect(result.accessToken).toBe('a2');
    expect(asked[1]?.body).toMatchObject({
      Session: 's1',
      ChallengeResponses: { USERNAME: 'owner', NEW_PASSWORD: 'Chosen-1234567' },
    });
  });

  it('says that name or password is wrong, and not which', async () => {
    const refused = { status: 400, body: { __type: 'NotAuthorizedException' } };
    const { target } = await startPool(['InitiateAuth', () => refused]);
    await expect(signIn(target, 'owner', 'wrong', async () => '')).rejects.toMatchObject({
      code: 'Unauthenticated',
      message: expect.stringContaining('user name or password'),
    });
  });

  it('refuses a challenge it cannot answer, naming it', async () => {
    const challenge = { ChallengeName: 'SOFTWARE_TOKEN_MFA', Session: 's1' };
    const { target } = await startPool(['InitiateAuth', () => ({ status: 200, body: challenge })]);
    await expect(signIn(target, 'owner', 'x', async () => '')).rejects.toThrow('SOFTWARE_TOKEN_MFA');
  });
});

describe('a user pool that refuses', () => {
  it.each([
    [400, 'x#InvalidPasswordException', 'Unauthenticated', /password policy/],
    [400, 'NotAuthorizedException', 'Unauthenticated', /sign-in has expired/],
    [503, 'ServiceUnavailable', 'UpstreamError', /answered 503; try again/],
  ])('with %d %s ends with %s', async (status, type, code, message) => {
    const { target } = await startPool(['InitiateAuth', () => ({ status, body: { __type: type } })]);
    await expect(refresh(target, 'old')).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('by not answering is named', async () => {
    const nowhere = { endpoint: 'http://127.0.0.1:1', clientId: 'client' };
    await expect(refresh(nowhere, 'old')).rejects.toThrow('http://127.0.0.1:1 does not answer');
  });
});

describe('refresh', () => {
  it('keeps the refresh token when the pool sends no new one', async () => {
    const body = { AuthenticationResult: { AccessToken: 'a3', ExpiresIn: 60 } };
    const { target } = await startPool(['InitiateAuth', () => ({ status: 200, body })]);
    expect(await refresh(target, 'old')).toMatchObject({ accessToken: 'a3', refreshToken: 'old' });
  });
});

describe('the cached sign-in', () => {
  it('can be read by its owner only', () => {
    const folder = signedInFolder('http://127.0.0.1:1');
    expect(statSync(join(folder, 'sign-in.json')).mode & 0o777).toBe(0o600);
  });

  it('is renewed and cached again once it has run out', async () => {
    api = await startFakeApi({ getMe: () => ({ user: 'owner', admin: false }) });
    const { target } = await startPool(['InitiateAuth', () => tokens('fresh')]);
    const folder = signedInFolder(api.url, -1);
    const signInBefore = readSignIn(folder);
    const { writeSignIn } = await import('../../../src/cli/sign-in-file.ts');
    if (signInBefore) writeSignIn(folder, { ...signInBefore, endpoint: target.endpoint });
    await signedInClient(folder).call('getMe', {});
    expect(api.seen[0]?.token).toBe('Bearer fresh');
    expect(readSignIn(folder)?.accessToken).toBe('fresh');
  });

  it('is gone after logout', async () => {
    const folder = signedInFolder('http://127.0.0.1:1');
    expect((await runCli(['logout'], folder)).code).toBe(0);
    expect(readSignIn(folder)).toBeNull();
  });
});

describe('login', () => {
  it('says what to do when there is no machine and no address', async () => {
    const { code, err } = await runCli(['login', 'owner']);
    expect(code).toBe(3);
    expect(err).toMatch(/contourflow up.*--url/);
  });
});
