import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generatePhantom } from '../../../local/phantoms/generate-phantom.ts';
import { ConvertSeriesOutput } from '../../../src/contracts/stages/prepare-session.ts';
import { type LocalServer, startServer } from './local-server.ts';
import { newDataFolder, runCli } from './run-cli.ts';

const JOB = { CONTOURFLOW_BROKER_FUNCTION: 'broker', AWS_BATCH_JOB_ID: 'job-1' };
const LENT = {
  schemaVersion: 1,
  bucket: 'data-bucket',
  readPrefixes: ['projects/P1/'],
  writePrefixes: ['projects/P1/'],
  credentials: {
    accessKeyId: 'LENTKEY',
    secretAccessKey: 'lent-secret',
    sessionToken: 'lent-token',
    expiration: '2099-01-01T00:00:00Z',
  },
};
const INPUT = 'projects/P1/work/e1/input.json';
const OUTPUT = 'projects/P1/work/e1/output.json';

let aws: LocalServer | undefined;
let objects: Map<string, Buffer>;
let signedBy: Set<string>;
let refusal: string | undefined;
// The SDK reads the environment of the process by itself, as it does in the job's container.
const before = { ...process.env };
beforeEach(async () => {
  objects = new Map();
  signedBy = new Set();
  refusal = undefined;
  aws = await startServer((message, body, response) => {
    const path = decodeURIComponent(message.url?.split('?')[0] ?? '');
    if (path.includes('/functions/broker/invocations')) {
      if (refusal) response.setHeader('x-amz-function-error', 'Unhandled');
      response.end(refusal ?? JSON.stringify(LENT));
      return;
    }
    const key = path.replace('/data-bucket/', '');
    signedBy.add(/Credential=(\w+)/.exec(String(message.headers.authorization))?.[1] ?? 'nobody');
    if (message.method === 'PUT') objects.set(key, body);
    const bytes = objects.get(key);
    response.writeHead(bytes ? 200 : 404).end(message.method === 'GET' ? bytes : undefined);
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'OWNKEY',
    AWS_SECRET_ACCESS_KEY: 'own-secret',
  });
});
afterEach(async () => {
  await aws?.stop();
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

const runStage = (stage: string, variables: Record<string, string> = JOB) =>
  runCli(['run-stage', stage, '--input', INPUT, '--output', OUTPUT], newDataFolder(), { variables });

function put(key: string, bytes: Uint8Array) {
  objects.set(key, Buffer.from(bytes));
  return { key, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.byteLength };
}
const json = (key: string) => JSON.parse(String(objects.get(key)));

describe('run-stage', () => {
  it('converts a series with the credentials lent for the job', async () => {
    const [scan] = generatePhantom({ seed: 3, subject: 1 }).scans;
    const slices = (scan?.files ?? []).map(({ name, bytes }) => put(`projects/P1/scans/${name}`, bytes));
    const list = put('projects/P1/work/e1/slices.json', Buffer.from(JSON.stringify(slices)));
    const session = {
      archiveId: 'xnat',
      project: 'P1',
      subject: 'S1',
      session: 'E1',
      generation: 1,
      execution: 'e1',
    };
    const content = put('projects/P1/scans/contours', Buffer.from('not read for a series of one volume'));
    const roi = { assessorId: 'ROI_1', collectionType: 'RTSTRUCT', savedAt: '2026-01-01T00:00:00Z', content };
    put(INPUT, Buffer.from(JSON.stringify({ session, seriesUid: scan?.seriesUid, slices: list, roi })));
    const { code, err } = await runStage('convert-series');
    expect([code, err]).toEqual([0, '']);
    const output = ConvertSeriesOutput.parse(json(OUTPUT));
    expect(output.sizeIjk[2]).toBe(slices.length);
    expect(objects.has(output.image.key)).toBe(true);
    expect([...signedBy]).toEqual(['LENTKEY']);
  });

  it("leaves the failure's code beside the output, and ends with it", async () => {
    const { code, err } = await runStage('build-mask');
    expect(code).toBe(3);
    expect(err).toMatch(/^error NotFound: there is no object/);
    expect(json(`${OUTPUT}.failure.json`)).toMatchObject({ code: 'NotFound' });
    expect(objects.has(OUTPUT)).toBe(false);
  });

  it('calls a failure without a code an internal error', async () => {
    put(INPUT, Buffer.from('{ "no": '));
    const { code } = await runStage('certify-case');
    expect(code).toBe(1);
    expect(json(`${OUTPUT}.failure.json`)).toMatchObject({
      code: 'InternalError',
      message: expect.stringContaining('JSON'),
    });
  });

  it('passes the refusal of the broker on', async () => {
    refusal = '{"errorMessage":"the job is not running"}';
    const { code, err } = await runStage('resample-volume');
    expect(code).toBe(3);
    expect(err).toMatch(/^error Forbidden: the credentials broker refused: .*the job is not running/);
    expect(signedBy.size).toBe(0);
  });

  it('runs inside a job only', async () => {
    const { code, err } = await runStage('convert-series', {});
    expect([code, err]).toEqual([
      3,
      'error ConfigurationError: CONTOURFLOW_BROKER_FUNCTION and AWS_BATCH_JOB_ID must be set; this command runs inside a Batch job',
    ]);
  });

  it.each(['register-case', 'toString'])('knows no imaging stage %s', async (name) => {
    const { code, err } = await runStage(name);
    expect(code).toBe(3);
    expect(err).toContain('it is one of convert-series, build-mask, resample-volume, certify-case');
  });
});
