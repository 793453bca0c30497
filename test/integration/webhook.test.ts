import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { LOCAL_ARCHIVE_ID } from '../../local/machine/connect-archive.ts';
import { signWebhook } from '../../local/xnat/webhook-sender.ts';
import { WEBHOOK_MAX_BYTES } from '../../src/contracts/events.ts';
import { sessionRecordId } from '../../src/contracts/identifiers.ts';
import { allPreparations, deployedRecords, preparationsOf } from './deployed.ts';
import { eventually } from './eventually.ts';
import { webUrl } from './machine.ts';
import { newProject, type TestProject } from './project.ts';
import { archive, awaitCase, casesOf, phantom, saveContours } from './sessions.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

async function post(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const response = await fetch(`${url}/v1/webhooks/${LOCAL_ARCHIVE_ID}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('webhooks', () => {
  let project: TestProject;
  let session: string;
  beforeAll(async () => {
    project = await newProject('webhook', { subscribed: false });
    session = await archive(project, phantom(1));
    await saveContours(project, session, phantom(1));
  }, 120_000);

  const bodyOf = (fields: Record<string, unknown> = {}): string =>
    JSON.stringify({
      schemaVersion: 1,
      kind: 'roi',
      archiveId: LOCAL_ARCHIVE_ID,
      project: project.id,
      session,
      ...fields,
    });
  const signed = (body: string, { id = randomUUID(), timestamp = String(nowSeconds()) } = {}) => ({
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signWebhook(project.secrets.archive.webhookSecret, id, timestamp, body),
  });
  const expectRefusal = async (answer: Promise<Answer>, status: number, code: string): Promise<void> => {
    expect(await answer).toEqual({
      status,
      body: { error: expect.objectContaining({ code, message: expect.any(String) }) },
    });
  };
  const nothingCameOf = async (before: number): Promise<void> => {
    expect(await allPreparations(project)).toHaveLength(before);
    const records = await deployedRecords(project);
    expect((await records.list('delivery', project.id)).items).toEqual([]);
    expect((await records.list('session', project.id)).items).toEqual([]);
  };

  it('refuses what is wrong with a code and starts nothing', async () => {
    const before = (await allPreparations(project)).length;
    const url = webUrl(project);
    const body = bodyOf();
    const forged = { ...signed(body), 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` };
    await expectRefusal(post(url, forged, body), 401, 'InvalidSignature');
    await expectRefusal(post(url, {}, body), 401, 'InvalidSignature');
    await expectRefusal(post(url, signed(body), `${body} `), 401, 'InvalidSignature');
    const stale = signed(body, { timestamp: String(nowSeconds() - 301) });
    await expectRefusal(post(url, stale, body), 400, 'StaleTimestamp');
    const oversized = bodyOf({ eventId: 'x'.repeat(WEBHOOK_MAX_BYTES) });
    await expectRefusal(post(url, signed(oversized), oversized), 413, 'PayloadTooLarge');
    const malformed = bodyOf({ url: 'http://elsewhere.example' });
    await expectRefusal(post(url, signed(malformed), malformed), 422, 'MalformedBody');
    await expectRefusal(post(url, signed('{"schema'), '{"schema'), 422, 'MalformedBody');
    await nothingCameOf(before);
  }, 60_000);

  it('takes the same webhook 100 times at once for one hint, one execution and one case', async () => {
    const body = bodyOf();
    const headers = signed(body);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post(webUrl(project), headers, body)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(202));
    expect(new Set(answers.map((answer) => answer.body.deliveryId)).size).toBe(1);
    expect(answers.filter((answer) => answer.body.duplicate === false)).toHaveLength(1);
    const made = await awaitCase(project, session, 'ready');

    const records = await deployedRecords(project);
    const id = sessionRecordId(LOCAL_ARCHIVE_ID, session);
    const idle = await eventually('the session to be idle', async () => {
      const record = await records.get('session', project.id, id);
      return record?.state === 'idle' ? record : null;
    });
    expect(idle).toMatchObject({ generation: 1, preparedGeneration: 1 });
    const preparations = await preparationsOf(project, {
      archiveId: LOCAL_ARCHIVE_ID,
      project: project.id,
      session,
    });
    expect(preparations).toEqual([{ name: expect.stringMatching(/-g1-a1$/), status: 'SUCCEEDED' }]);
    expect((await casesOf(project)).map((one) => one.id)).toEqual([made.id]);
  }, 180_000);
});
