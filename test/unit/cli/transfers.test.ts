import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createApiClient } from '../../../src/cli/api-client.ts';
import { type FakeApi, type Handlers, startFakeApi } from './fake-api.ts';
import { type LocalServer, startServer } from './local-server.ts';
import { aDatasetSave, aModelVersion, anExport, aPromotion } from './records.ts';
import { runCli, signedInFolder } from './run-cli.ts';

let api: FakeApi | undefined;
let files: LocalServer | undefined;
afterEach(async () => {
  await Promise.all([api?.stop(), files?.stop()]);
  api = undefined;
  files = undefined;
});

async function cli(handlers: Handlers, ...args: string[]) {
  await api?.stop();
  api = await startFakeApi(handlers);
  const result = await runCli([...args, '--project', 'P1'], signedInFolder(api.url));
  return { ...result, seen: api.seen };
}
const newPath = (name: string) => join(mkdtempSync(join(tmpdir(), 'contourflow-transfers-')), name);

describe('exports create', () => {
  it('waits for the export and says size and parity', async () => {
    let asked = 0;
    const handlers: Handlers = {
      createExport: () => anExport({ state: 'running', bundle: null, parityMaxDifference: null }),
      getExport: () => {
        asked += 1;
        return { export: anExport({ state: asked < 2 ? 'running' : 'succeeded' }), url: null };
      },
    };
    const { out, seen } = await cli(handlers, 'exports', 'create', 'abdomen.v2');
    expect(out).toBe('export export-1: 2.5 MB, largest difference from the source 0.000001');
    expect(seen[0]?.request).toEqual({ modelVersionId: 'abdomen.v2', format: 'monai-bundle' });
  });

  it('shows a dash for what the record does not hold', async () => {
    const done = anExport({ bundle: null, parityMaxDifference: null });
    const handlers: Handlers = { createExport: () => done, getExport: () => ({ export: done, url: null }) };
    const { out } = await cli(handlers, 'exports', 'create', 'abdomen.v2');
    expect(out).toBe('export export-1: -, largest difference from the source -');
  });

  it.each([
    [
      { code: 'DigestMismatch', message: 'the weights changed', stage: 'ExportModel' },
      3,
      'DigestMismatch: the weights changed',
    ],
    [{ code: 'States.Timeout', message: 'too slow', stage: 'ExportModel' }, 1, 'InternalError: too slow'],
    [null, 1, 'InternalError: it failed without a reason'],
  ])('ends with the problem %j', async (problem, exit, sentence) => {
    const handlers: Handlers = { createExport: () => anExport({ state: 'failed', problem }) };
    const { code, err } = await cli(handlers, 'exports', 'create', 'abdomen.v2');
    expect([code, err]).toEqual([exit, `error ${sentence}`]);
  });
});

describe('a success without its result', () => {
  it('is reported for a dataset save', async () => {
    const handlers: Handlers = { saveDataset: () => aDatasetSave({ state: 'succeeded' }) };
    const { code, err } = await cli(handlers, 'datasets', 'save', 'all');
    expect([code, err]).toEqual([1, 'error InternalError: dataset save save-1 succeeded without a dataset']);
  });

  it('is reported for a promotion', async () => {
    const handlers: Handlers = { promoteCheckpoint: () => aPromotion({ state: 'succeeded' }) };
    const { code, err } = await cli(handlers, 'promote', 'run-1', 'best', '--as', 'abdomen');
    expect(code).toBe(1);
    expect(err).toContain('promotion promotion-1 succeeded without a model version');
  });
});

describe('exports download', () => {
  it('writes the bytes behind the link', async () => {
    files = await startServer((_message, _body, response) => response.end('zip bytes'));
    const url = `${files.url}/bundle.zip`;
    const out = newPath('bundle.zip');
    const handlers: Handlers = { getExport: () => ({ export: anExport(), url }) };
    const { out: said } = await cli(handlers, 'exports', 'download', 'export-1', '--out', out, '--json');
    expect(readFileSync(out, 'utf8')).toBe('zip bytes');
    expect(JSON.parse(said)).toEqual({ file: out, sizeBytes: 9 });
    expect((await cli(handlers, 'exports', 'download', 'export-1', '--out', out)).out).toBe(`${out} (9 B)`);
  });

  it('says that a link has run out', async () => {
    files = await startServer((_message, _body, response) => response.writeHead(403).end());
    const url = files.url;
    const handlers: Handlers = { getExport: () => ({ export: anExport(), url }) };
    const { code, err } = await cli(handlers, 'exports', 'download', 'export-1', '--out', newPath('b.zip'));
    expect(code).toBe(3);
    expect(err).toContain('refused with 403; ask for a new link');
  });

  it('says what the export is doing when there is nothing yet', async () => {
    const handlers: Handlers = {
      getExport: () => ({ export: anExport({ state: 'running', bundle: null }), url: null }),
    };
    const { code, err } = await cli(handlers, 'exports', 'download', 'export-1');
    expect([code, err]).toEqual([
      3,
      'error Conflict: export export-1 is running; there is nothing to download',
    ]);
  });
});

describe('models install', () => {
  async function install(status: number) {
    const put: { method: string | undefined; body: string }[] = [];
    files = await startServer((message, body, response) => {
      put.push({ method: message.method, body: body.toString() });
      response.writeHead(status).end();
    });
    const zip = newPath('abdomen.zip');
    writeFileSync(zip, 'a bundle');
    const url = `${files.url}/put`;
    const handlers: Handlers = {
      createUpload: () => ({ key: 'incoming/P1/bundle', url }),
      installModel: () => aModelVersion(),
    };
    const result = await cli(handlers, 'models', 'install', 'abdomen', zip, '--title', 'Organs');
    return { ...result, put };
  }

  it('sends the bytes by the ticket, then names them by digest', async () => {
    const { out, seen, put } = await install(200);
    const sha256 = createHash('sha256').update('a bundle').digest('hex');
    expect(out).toBe('installed as abdomen.v2');
    expect(put).toEqual([{ method: 'PUT', body: 'a bundle' }]);
    expect(seen.map(({ request }) => request)).toEqual([
      { fileName: 'abdomen.zip', sizeBytes: 8, sha256 },
      { modelId: 'abdomen', title: 'Organs', uploadKey: 'incoming/P1/bundle', sha256 },
    ]);
  });

  it('installs nothing when the upload is refused', async () => {
    const { code, err, seen } = await install(400);
    expect(code).toBe(3);
    expect(err).toContain('the upload of abdomen.zip was refused with 400');
    expect(seen.map(({ name }) => name)).toEqual(['createUpload']);
  });
});

describe('the API client', () => {
  async function answers(status: number, text: string) {
    files = await startServer((_message, _body, response) => response.writeHead(status).end(text));
    return createApiClient(files.url, async () => 't').call('getMe', {});
  }
  const problem = (code: string) =>
    JSON.stringify({ error: { code, message: 'a sentence', details: {}, requestId: 'r-1' } });

  it.each([
    [200, '<html>', 'UpstreamError', /is not JSON; is it a contourflow address/],
    [200, '', 'UpstreamError', /the answer to getMe is not what this version/],
    [200, '{"user": 1}', 'UpstreamError', /use the CLI of the deployed version/],
    [401, '{"message": "Unauthorized"}', 'Unauthenticated', /sign in with `contourflow login`/],
    [403, '{"message": "Forbidden"}', 'Forbidden', /answered 403; try again/],
    [502, '{}', 'UpstreamError', /answered 502; try again/],
    [409, problem('Conflict'), 'Conflict', /^a sentence$/],
    [418, problem('SomethingNewer'), 'UpstreamError', /^a sentence$/],
  ])('turns %d %s into %s', async (status, text, code, message) => {
    await expect(answers(status, text)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
