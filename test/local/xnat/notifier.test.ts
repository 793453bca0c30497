import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { notifierCommand } from '../../../local/xnat/notifier/write-command.ts';
import { WebhookBody } from '../../../src/contracts/events.ts';
import { type HookReceiver, SECRET, startHookReceiver } from './running-xnat.ts';

const run = promisify(execFile);
let hooks: HookReceiver | undefined;
afterEach(() => hooks?.stop());

interface Wrapper {
  readonly contexts: string[];
  readonly 'derived-inputs': Record<string, string>[];
}

/** Does what the Container Service does: fills `#INPUT#` from the object's properties and runs `/bin/sh -c`. */
async function runWrapper(context: string, object: Record<string, string>): Promise<number> {
  const settings = { hookUrl: hooks?.url ?? '', secret: SECRET, archiveId: 'xnat-1' };
  const command = notifierCommand(settings) as {
    'command-line': string;
    'environment-variables': Record<string, string>;
    inputs: { name: string; 'default-value'?: string }[];
    xnat: Wrapper[];
  };
  const values = new Map(command.inputs.map((input) => [input.name, input['default-value'] ?? '']));
  const wrapper = command.xnat.find((one) => one.contexts.includes(context));
  for (const derived of wrapper?.['derived-inputs'] ?? []) {
    const property = derived['derived-from-xnat-object-property'] ?? '';
    values.set(derived['provides-value-for-command-input'] ?? '', object[property] ?? '');
  }
  const environment = Object.entries(command['environment-variables']).map(([name, value]) => [
    name,
    value.replace(/#(\w+)#/g, (_, input: string) => values.get(input) ?? ''),
  ]);
  const env = { ...Object.fromEntries(environment), PATH: process.env.PATH, FIRST_RETRY_SECONDS: '0.01' };
  return run('/bin/sh', ['-c', command['command-line']], { env }).then(
    () => 0,
    (error: { code: number }) => error.code,
  );
}

const assessor = { id: 'RoiCollection_1', 'project-id': 'P1', 'session-id': 'XNAT_E00001' };

describe('the notifier command', () => {
  it('sends one signed webhook of the contract for a saved ROI collection', async () => {
    hooks = await startHookReceiver();
    expect(await runWrapper('icr:roiCollectionData', assessor)).toBe(0);
    const [hook] = hooks.received;
    expect(WebhookBody.parse(hook?.body)).toEqual({
      schemaVersion: 1,
      kind: 'roi',
      archiveId: 'xnat-1',
      project: 'P1',
      session: 'XNAT_E00001',
      assessor: 'RoiCollection_1',
    });
    const {
      'webhook-id': id,
      'webhook-timestamp': time,
      'webhook-signature': signature,
    } = hook?.headers ?? {};
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    expect(signature).toBe(
      `v1,${createHmac('sha256', key).update(`${id}.${time}.${hook?.raw}`).digest('base64')}`,
    );
  }, 30_000);

  it('names no assessor for an archived session, and tries again after 503 under the same id', async () => {
    hooks = await startHookReceiver([503]);
    expect(await runWrapper('xnat:imageSessionData', { id: 'XNAT_E2', 'project-id': 'P1' })).toBe(0);
    expect(hooks.received.map((hook) => hook.body.kind)).toEqual(['session', 'session']);
    expect(new Set(hooks.received.map((hook) => hook.headers['webhook-id'])).size).toBe(1);
    expect(WebhookBody.parse(hooks.received[1]?.body).session).toBe('XNAT_E2');
  }, 30_000);

  it('fails at once when it is refused', async () => {
    hooks = await startHookReceiver([401]);
    expect(await runWrapper('icr:roiCollectionData', assessor)).toBe(1);
    expect(hooks.received).toHaveLength(1);
  }, 30_000);
});
