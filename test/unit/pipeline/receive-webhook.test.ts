import { describe, expect, it } from '@jest/globals';
import { receiveWebhook, type WebhookDelivery } from '../../../src/pipeline/receive-webhook.ts';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import { isSignedBy, signWebhook } from '../../../src/pipeline/webhook-signature.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { ARCHIVE, PROJECT, SESSION, sessionFixture } from './session-fixture.ts';

const SECRET = `whsec_${Buffer.from('current secret of thirty-two bytes').toString('base64')}`;
const OLD_SECRET = `whsec_${Buffer.from('previous secret of thirty bytes!').toString('base64')}`;
const BODY = {
  schemaVersion: 1,
  kind: 'roi',
  archiveId: ARCHIVE,
  project: PROJECT,
  session: SESSION,
  assessor: 'ROI_1',
};

async function fixture(): Promise<MemoryPorts> {
  const { ports } = await sessionFixture();
  ports.secrets.known.set(ARCHIVE, [SECRET]);
  return ports;
}

interface Options {
  body?: unknown;
  raw?: Uint8Array;
  id?: string;
  secret?: string;
  /** Seconds from now. */
  offset?: number;
  signature?: string;
  archiveId?: string;
}

function delivery(ports: MemoryPorts, options: Options = {}): WebhookDelivery {
  const { id = 'msg_1', secret = SECRET, offset = 0, archiveId = ARCHIVE } = options;
  const rawBody = options.raw ?? new TextEncoder().encode(JSON.stringify(options.body ?? BODY));
  const timestamp = String(Math.floor(ports.clock.now().getTime() / 1000) + offset);
  const signed = `v1,${signWebhook({ id, timestamp }, rawBody, secret).toString('base64')}`;
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': options.signature ?? signed,
  };
  return { archiveId, headers, rawBody };
}

describe('receiveWebhook', () => {
  it('sends one hint for a signed body', async () => {
    const ports = await fixture();
    expect(await receiveWebhook(delivery(ports), ports)).toEqual({
      deliveryId: 'xnat:msg_1',
      duplicate: false,
    });
    expect(ports.hints.sent.map(({ hint }) => hint)).toMatchObject([
      {
        deliveryId: 'xnat:msg_1',
        cause: 'webhook',
        project: PROJECT,
        session: SESSION,
        uploadManifestKey: null,
      },
    ]);
  });

  const refusals: {
    name: string;
    code: string;
    httpStatus: number;
    options: Options | ((p: MemoryPorts) => Options);
  }[] = [
    {
      name: 'a body of more than 64 KiB',
      code: 'PayloadTooLarge',
      httpStatus: 413,
      options: { raw: new Uint8Array(64 * 1024 + 1) },
    },
    {
      name: 'a signature of another secret',
      code: 'InvalidSignature',
      httpStatus: 401,
      options: { secret: OLD_SECRET },
    },
    {
      name: 'a signature that is no base64 of 32 bytes',
      code: 'InvalidSignature',
      httpStatus: 401,
      options: { signature: 'v1,AAAA' },
    },
    {
      name: 'a signature of another version only',
      code: 'InvalidSignature',
      httpStatus: 401,
      options: { signature: 'v1a,AAAA' },
    },
    { name: 'an empty signature', code: 'InvalidSignature', httpStatus: 401, options: { signature: '' } },
    {
      name: 'an archive that is not configured',
      code: 'InvalidSignature',
      httpStatus: 401,
      options: { archiveId: 'other' },
    },
    {
      name: 'an id of more than 128 characters',
      code: 'InvalidSignature',
      httpStatus: 401,
      options: { id: 'x'.repeat(129) },
    },
    { name: 'a timestamp 301 s old', code: 'StaleTimestamp', httpStatus: 400, options: { offset: -301 } },
    { name: 'a timestamp 301 s ahead', code: 'StaleTimestamp', httpStatus: 400, options: { offset: 301 } },
    {
      name: 'a body that is no JSON',
      code: 'MalformedBody',
      httpStatus: 422,
      options: { raw: new TextEncoder().encode('{"a"') },
    },
    {
      name: 'a body that is no UTF-8',
      code: 'MalformedBody',
      httpStatus: 422,
      options: { raw: Uint8Array.of(0xff, 0xfe, 0x00) },
    },
    {
      name: 'a body with a URL in it',
      code: 'MalformedBody',
      httpStatus: 422,
      options: { body: { ...BODY, url: 'https://evil.example' } },
    },
    {
      name: 'a body without a session',
      code: 'MalformedBody',
      httpStatus: 422,
      options: { body: { ...BODY, session: undefined } },
    },
    {
      name: 'an id with a slash',
      code: 'MalformedBody',
      httpStatus: 422,
      options: { body: { ...BODY, project: '../P2' } },
    },
    {
      name: 'a body that is null',
      code: 'MalformedBody',
      httpStatus: 422,
      options: { raw: new TextEncoder().encode('null') },
    },
    {
      name: 'a body of another archive than the path',
      code: 'MalformedBody',
      httpStatus: 422,
      options: { body: { ...BODY, archiveId: 'other' } },
    },
    {
      name: 'a newer schema version',
      code: 'UnknownSchemaVersion',
      httpStatus: 422,
      options: { body: { ...BODY, schemaVersion: 2 } },
    },
    {
      name: 'a project that is not enabled',
      code: 'NotFound',
      httpStatus: 404,
      options: { body: { ...BODY, project: 'P2' } },
    },
  ];
  it.each(refusals)(
    'refuses $name with $code ($httpStatus) and starts nothing',
    async ({ code, httpStatus, options }) => {
      const ports = await fixture();
      const given = typeof options === 'function' ? options(ports) : options;
      await expect(receiveWebhook(delivery(ports, given), ports)).rejects.toMatchObject({ code, httpStatus });
      expect(ports.hints.sent).toEqual([]);
      expect(ports.records.all('delivery')).toEqual([]);
    },
  );

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'refuses a call without %s',
    async (name) => {
      const ports = await fixture();
      const { headers, ...rest } = delivery(ports);
      const fewer = Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name));
      await expect(receiveWebhook({ ...rest, headers: fewer }, ports)).rejects.toMatchObject({
        code: 'InvalidSignature',
      });
    },
  );

  it('refuses a timestamp that is no number, though it is signed', async () => {
    const ports = await fixture();
    const { rawBody } = delivery(ports);
    const timestamp = '1e9';
    const signature = `v1,${signWebhook({ id: 'a', timestamp }, rawBody, SECRET).toString('base64')}`;
    const headers = { 'webhook-id': 'a', 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    await expect(receiveWebhook({ archiveId: ARCHIVE, headers, rawBody }, ports)).rejects.toMatchObject({
      code: 'StaleTimestamp',
    });
  });

  it('takes timestamps up to 300 s either way', async () => {
    const ports = await fixture();
    for (const offset of [-300, 300]) {
      await receiveWebhook(delivery(ports, { offset, id: `at${offset}` }), ports);
    }
    expect(ports.hints.sent).toHaveLength(2);
  });

  it('refuses the same body with any single bit turned over', async () => {
    const ports = await fixture();
    const good = delivery(ports);
    for (let at = 0; at < good.rawBody.length; at += 1) {
      const rawBody = good.rawBody.slice();
      rawBody[at] = (rawBody[at] ?? 0) ^ 1;
      await expect(receiveWebhook({ ...good, rawBody }, ports)).rejects.toMatchObject({
        code: 'InvalidSignature',
      });
    }
  });

  it('takes the previous secret while rotating, and one good signature among several', async () => {
    const ports = await fixture();
    ports.secrets.known.set(ARCHIVE, [SECRET, OLD_SECRET]);
    await receiveWebhook(delivery(ports, { secret: OLD_SECRET, id: 'old' }), ports);
    const { headers, ...rest } = delivery(ports, { id: 'two' });
    const several = { ...headers, 'webhook-signature': `v1,AAAA v2,BBBB ${headers['webhook-signature']}` };
    await receiveWebhook({ ...rest, headers: several }, ports);
    expect(ports.hints.sent).toHaveLength(2);
  });

  it('asks for a newer secret once before it refuses', async () => {
    const ports = await fixture();
    const asked: boolean[] = [];
    const secrets = {
      webhookSecrets: async (_id: string, options: { refresh?: boolean } = {}) => {
        asked.push(options.refresh === true);
        return [options.refresh ? SECRET : OLD_SECRET];
      },
    };
    await receiveWebhook(delivery(ports), { ...ports, secrets });
    expect(asked).toEqual([false, true]);
  });

  it('has one effect when it comes a hundred times at once', async () => {
    const ports = await fixture();
    const receipts = await Promise.all(
      Array.from({ length: 100 }, () => receiveWebhook(delivery(ports), ports)),
    );
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    for (const { hint } of ports.hints.sent) await routeEvent(hint, ports);
    expect(ports.workflows.executions).toHaveLength(1);
    const sent = ports.hints.sent.length;
    expect(await receiveWebhook(delivery(ports), ports)).toMatchObject({ duplicate: true });
    expect(ports.hints.sent).toHaveLength(sent);
  });

  it('does not lose a hint to a crash between its record and the queue', async () => {
    const ports = await fixture();
    const broken = { ...ports, hints: { send: () => Promise.reject(new Error('the process ended')) } };
    await expect(receiveWebhook(delivery(ports), broken)).rejects.toThrow('the process ended');
    expect(await receiveWebhook(delivery(ports), ports)).toMatchObject({ duplicate: true });
    expect(ports.hints.sent).toHaveLength(1);
  });
});

describe('isSignedBy', () => {
  it('agrees with the example of the Standard Webhooks specification', () => {
    const headers = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: '1614265330',
      signatures: ['v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    };
    const body = new TextEncoder().encode('{"test": 2432232314}');
    expect(isSignedBy(headers, body, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toBe(true);
    expect(isSignedBy(headers, body, ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'])).toBe(false);
  });
});
