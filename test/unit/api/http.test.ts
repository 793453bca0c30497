import { describe, expect, it } from '@jest/globals';
import { callerOf, readHttpEvent } from '../../../src/api/http-request.ts';
import { checkPathParameters, findRoute } from '../../../src/api/route.ts';
import { serveApi } from '../../../src/api/serve-api.ts';
import { PROJECT, projectPorts } from '../training/workflow-fixture.ts';
import { callApi, httpEvent, SETTINGS } from './api-fixture.ts';

const request = (claims: Record<string, unknown> | null) => ({
  method: 'GET',
  path: '/v1/me',
  query: {},
  body: '',
  claims,
});

describe('callerOf', () => {
  it.each([
    ['an access token', { username: 'ann' }, { user: 'ann', admin: false }],
    ['an id token', { 'cognito:username': 'ann' }, { user: 'ann', admin: false }],
    [
      'groups as HTTP API writes them',
      { username: 'ann', 'cognito:groups': '[staff admins]' },
      { user: 'ann', admin: true },
    ],
    [
      'groups with commas',
      { username: 'ann', 'cognito:groups': 'staff,admins' },
      { user: 'ann', admin: true },
    ],
    ['groups as a list', { username: 'ann', 'cognito:groups': ['admins', 7] }, { user: 'ann', admin: true }],
    [
      'a group of a similar name',
      { username: 'ann', 'cognito:groups': '[site-admins]' },
      { user: 'ann', admin: false },
    ],
  ])('reads %s', (_, claims, expected) => {
    expect(callerOf(request(claims), 'admins')).toEqual(expected);
  });

  it.each([[null], [{}], [{ username: '' }], [{ username: 7 }], [{ username: 'x'.repeat(129) }]])(
    'takes %j for nobody',
    (claims) => {
      expect(() => callerOf(request(claims), 'admins')).toThrow(
        expect.objectContaining({ code: 'Unauthenticated' }),
      );
    },
  );
});

describe('readHttpEvent', () => {
  it('decodes a base64 body as UTF-8', () => {
    const body = Buffer.from('{"title":"Lebér"}').toString('base64');
    const event = {
      rawPath: '/v1/me',
      body,
      isBase64Encoded: true,
      requestContext: { http: { method: 'post' } },
    };
    expect(readHttpEvent(event)).toMatchObject({ method: 'POST', body: '{"title":"Lebér"}', claims: null });
    expect(readHttpEvent({ ...event, body: undefined }).body).toBe('');
  });

  it('refuses an event of another kind', () => {
    expect(() => readHttpEvent({ Records: [] })).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  });
});

describe('findRoute', () => {
  it('finds the operation and decodes its path', () => {
    expect(findRoute('PUT', '/v1/projects/p/members/ann%40x.org')).toEqual({
      operation: 'putMember',
      path: { project: 'p', user: 'ann@x.org' },
    });
    expect(findRoute('POST', '/v1/projects/p/runs/estimate').operation).toBe('estimateRun');
  });

  it.each([
    ['GET', '/v1/nothing'],
    ['GET', '/v2/me'],
    ['GET', '/v1'],
    ['DELETE', '/v1/me'],
    ['GET', '/v1/projects//overview'],
    ['GET', '/v1/projects/%E0%A4%A'],
    ['GET', '/v1/me/'],
  ])('finds nothing at %s %s', (method, path) => {
    expect(() => findRoute(method, path)).toThrow(expect.objectContaining({ code: 'NotFound' }));
  });
});

describe('checkPathParameters', () => {
  it('names every parameter that cannot be an id', () => {
    expect(() => checkPathParameters({ project: 'p', caseId: 'x', runId: '../x' })).toThrow(
      expect.objectContaining({
        code: 'InvalidRequest',
        details: {
          problems: [expect.objectContaining({ path: 'caseId' }), expect.objectContaining({ path: 'runId' })],
        },
      }),
    );
  });
});

describe('serveApi', () => {
  it('tells every problem of a body with its path', async () => {
    const ports = await projectPorts();
    const body = { fileName: '', sizeBytes: -1, sha256: 'x', more: 1 };
    await expect(callApi(ports, 'createUpload', {}, body)).rejects.toMatchObject({
      code: 'InvalidRequest',
      details: {
        problems: expect.arrayContaining([
          expect.objectContaining({ path: 'fileName' }),
          expect.objectContaining({ path: 'sizeBytes' }),
          expect.objectContaining({ path: 'sha256' }),
          expect.objectContaining({ path: '' }),
        ]),
      },
    });
  });

  it.each(['{', '[]', '"x"', '7'])('refuses the body %j', async (body) => {
    const ports = await projectPorts();
    const event = { ...httpEvent('createUpload', { path: { project: PROJECT } }), body };
    await expect(serveApi(event, ports, SETTINGS)).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('takes no body for an empty one', async () => {
    const ports = await projectPorts();
    const event = {
      ...httpEvent('removeMember', { path: { project: PROJECT, user: 'the-member' } }),
      body: '',
    };
    expect(await serveApi(event, ports, SETTINGS)).toEqual({});
  });

  it('refuses a limit that is no number', async () => {
    const ports = await projectPorts();
    const event = {
      ...httpEvent('listCases', { path: { project: PROJECT } }),
      queryStringParameters: { limit: 'all' },
    };
    await expect(serveApi(event, ports, SETTINGS)).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('hands out nothing that does not match the contract', async () => {
    const ports = await projectPorts();
    const { list } = ports.records;
    ports.records.list = async (entity, project, options) => {
      const page = await list(entity, project, options);
      return { ...page, items: page.items.map((item) => ({ ...item, secret: 1 })) };
    };
    await expect(callApi(ports, 'listMembers')).rejects.toMatchObject({
      code: 'InternalError',
      message: expect.stringContaining('listMembers'),
    });
  });

  it('keeps who did what to what, for changes only', async () => {
    const ports = await projectPorts();
    await callApi(ports, 'listMembers');
    await callApi(ports, 'putMember', { path: { user: 'new' } }, { role: 'member' });
    await callApi(ports, 'removeMember', { path: { user: 'new' } });
    await expect(callApi(ports, 'removeMember', { path: { user: 'new' } })).rejects.toMatchObject({
      code: 'NotFound',
    });
    const { items } = await ports.records.list('audit', PROJECT);
    expect(items.map(({ actor, action, subject }) => [actor, action, subject]).sort()).toEqual([
      ['the-owner', 'putMember', 'member/new'],
      ['the-owner', 'removeMember', 'user/new'],
    ]);
  });
});
