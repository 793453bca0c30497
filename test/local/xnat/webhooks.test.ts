import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { generatePhantom, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import { signWebhook } from '../../../local/xnat/webhook-sender.ts';
import { WebhookBody } from '../../../src/contracts/events.ts';
import {
  type HookReceiver,
  SECRET,
  startHookReceiver,
  startTestXnat,
  type TestXnat,
} from './running-xnat.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

const phantom = generatePhantom({ seed: 41, subject: 3 });
const opened: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
});

async function sessionWithHook(statuses: readonly number[]): Promise<[TestXnat, HookReceiver, string]> {
  const hooks = await startHookReceiver(statuses);
  const xnat = await startTestXnat();
  opened.push(xnat, hooks);
  await xnat.admin.createProject('P1');
  await xnat.admin.subscribe('P1', hooks.url);
  const { subject, session } = phantom;
  const id = await xnat.admin.importSession({
    project: 'P1',
    subject,
    session,
    files: phantom.scans[0]?.files ?? [],
  });
  return [xnat, hooks, id];
}

describe('signWebhook', () => {
  it('agrees with the example of the Standard Webhooks specification', () => {
    const body = '{"test": 2432232314}';
    expect(signWebhook(SECRET, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });
});

describe('webhooks', () => {
  it('carry a body of the contract, signed over id, time and raw body', async () => {
    const [, hooks, session] = await sessionWithHook([]);
    const [hook] = await hooks.waitFor(1);
    expect(WebhookBody.parse(hook?.body)).toEqual(
      expect.objectContaining({ kind: 'session', archiveId: 'xnat-1', project: 'P1', session }),
    );
    const {
      'webhook-id': id,
      'webhook-timestamp': time,
      'webhook-signature': signature,
    } = hook?.headers ?? {};
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const expected = createHmac('sha256', key).update(`${id}.${time}.${hook?.raw}`).digest('base64');
    expect(signature).toBe(`v1,${expected}`);
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(5);
  });

  it('are sent again under the same id after 503, until they are accepted', async () => {
    const [xnat, hooks] = await sessionWithHook([503, 503]);
    await hooks.waitFor(3);
    await delay(80);
    expect(new Set(hooks.received.map((hook) => hook.headers['webhook-id'])).size).toBe(1);
    expect(hooks.received).toHaveLength(3);
    expect(await xnat.admin.deliveries('P1')).toEqual([
      expect.objectContaining({ status: 'delivered', attempts: 3 }),
    ]);
  });

  it('are given up at once when they are refused, and say so in the history', async () => {
    const [xnat, hooks] = await sessionWithHook([401]);
    await hooks.waitFor(1);
    await delay(120);
    expect(hooks.received).toHaveLength(1);
    expect(await xnat.admin.deliveries('P1')).toEqual([
      expect.objectContaining({ status: 'failed', 'status-message': 'HTTP 401' }),
    ]);
  });

  it('that could not be delivered survive a restart of the server', async () => {
    const [xnat, hooks] = await sessionWithHook(Array.from({ length: 3 }, () => 503));
    await hooks.waitFor(1);
    await xnat.restart();
    await hooks.waitFor(4);
    await delay(50);
    expect(new Set(hooks.received.map((hook) => hook.headers['webhook-id'])).size).toBe(1);
    expect(await xnat.admin.deliveries('P1')).toEqual([expect.objectContaining({ status: 'delivered' })]);
  });

  it('are sent only while the Event Service is on, for subscribed projects and matching payloads', async () => {
    const [xnat, hooks, session] = await sessionWithHook([]);
    await hooks.waitFor(1);
    await xnat.admin.unsubscribe('P1');
    const subscription = {
      name: 'only aim',
      'action-key': 'org.nrg.containers.services.CommandActionProvider:1',
      attributes: { 'hook-url': hooks.url },
      'event-filter': {
        'event-type': 'org.nrg.xnat.eventservice.events.ImageAssessorEvent',
        status: 'UPDATED',
        'payload-filter': '"AIM" in @.resources[*].label',
      },
    };
    const create = await xnat.send(
      'POST',
      '/xapi/projects/P1/events/subscription',
      JSON.stringify(subscription),
    );
    expect([create.status, await create.text()]).toEqual([201, expect.stringMatching(/^only aim:\d+$/)]);
    const content = phantomRtstruct(phantom);
    await xnat.admin.saveRoiCollection({ project: 'P1', session, label: 'R', type: 'RTSTRUCT', content });
    await delay(80);
    expect(hooks.received).toHaveLength(1);
    await xnat.send('PUT', '/xapi/events/prefs', '{"enabled": false}');
    await xnat.admin.subscribe('P1', hooks.url);
    await xnat.send('PUT', '/xapi/events/prefs', '{"enabled": false}');
    await xnat.admin.saveRoiCollection({ project: 'P1', session, label: 'R2', type: 'RTSTRUCT', content });
    await delay(80);
    expect(hooks.received).toHaveLength(1);
  });

  it('need a filter that can be read: 424 otherwise', async () => {
    const [xnat] = await sessionWithHook([]);
    const event = {
      'event-type': 'org.nrg.xnat.eventservice.events.SessionEvent',
      'payload-filter': '@.x ==',
    };
    const response = await xnat.send(
      'POST',
      '/xapi/projects/P1/events/subscription',
      JSON.stringify({ name: 'bad', 'event-filter': event }),
    );
    expect(response.status).toBe(424);
  });
});
