import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createArchiveSecrets } from '../../../../src/adapters/aws/archive-secrets.ts';
import { createMemoryClock } from '../../../helpers/memory-ports.ts';

const manager = mockClient(SecretsManagerClient);
const missing = new ResourceNotFoundException({ message: 'no such stage', $metadata: {} });

beforeEach(() => {
  manager.reset();
  manager.on(GetSecretValueCommand).rejects(missing);
});

function secretText(webhookSecret: string): string {
  return JSON.stringify({ username: 'reader', password: 'pw', webhookSecret });
}

function store(stage: 'AWSCURRENT' | 'AWSPREVIOUS', SecretString: string): void {
  manager
    .on(GetSecretValueCommand, { SecretId: 'contourflow/xnat', VersionStage: stage })
    .resolves({ SecretString });
}

function open() {
  const clock = createMemoryClock();
  const client = new SecretsManagerClient({ region: 'eu-west-1' });
  return { clock, secrets: createArchiveSecrets({ client, prefix: 'contourflow/', clock }) };
}

describe('secrets of an archive', () => {
  it('reads one webhook secret before the first rotation', async () => {
    store('AWSCURRENT', secretText('one'));
    expect(await open().secrets.webhookSecrets('xnat')).toEqual(['one']);
  });

  it('accepts both secrets while a rotation lasts, the current one first', async () => {
    store('AWSCURRENT', secretText('two'));
    store('AWSPREVIOUS', secretText('one'));
    expect(await open().secrets.webhookSecrets('xnat')).toEqual(['two', 'one']);
  });

  it('names an unchanged webhook secret only once', async () => {
    store('AWSCURRENT', secretText('one'));
    store('AWSPREVIOUS', secretText('one'));
    expect(await open().secrets.webhookSecrets('xnat')).toEqual(['one']);
  });

  it('signs in with the current stage', async () => {
    store('AWSCURRENT', secretText('two'));
    store('AWSPREVIOUS', JSON.stringify({ username: 'old', password: 'old', webhookSecret: 'one' }));
    expect(await open().secrets.credentials('xnat')).toMatchObject({ username: 'reader', password: 'pw' });
  });

  it('keeps what it read for five minutes', async () => {
    store('AWSCURRENT', secretText('one'));
    const { secrets, clock } = open();
    await secrets.webhookSecrets('xnat');
    store('AWSCURRENT', secretText('two'));
    clock.advance(5 * 60_000 - 1);
    expect(await secrets.webhookSecrets('xnat')).toEqual(['one']);
    clock.advance(1);
    expect(await secrets.webhookSecrets('xnat')).toEqual(['two']);
  });

  it('reads again on request, but not more often than every ten seconds', async () => {
    store('AWSCURRENT', secretText('one'));
    const { secrets, clock } = open();
    await secrets.webhookSecrets('xnat');
    store('AWSCURRENT', secretText('two'));
    clock.advance(9_999);
    expect(await secrets.webhookSecrets('xnat', { refresh: true })).toEqual(['one']);
    clock.advance(1);
    expect(await secrets.webhookSecrets('xnat', { refresh: true })).toEqual(['two']);
  });

  it('answers NotFound for an archive that is not configured', async () => {
    await expect(open().secrets.webhookSecrets('other')).rejects.toMatchObject({
      code: 'NotFound',
      details: { archiveId: 'other' },
    });
  });

  it.each(['', 'not json', '{}', JSON.stringify({ username: 'u', password: '', webhookSecret: 's' })])(
    'refuses the malformed secret %j without repeating it',
    async (text) => {
      store('AWSCURRENT', text);
      await expect(open().secrets.credentials('xnat')).rejects.toMatchObject({
        code: 'ConfigurationError',
        message: expect.not.stringContaining('"u"'),
      });
    },
  );

  it('refuses a secret that is not text', async () => {
    manager.on(GetSecretValueCommand).resolves({ SecretBinary: new Uint8Array([1]) });
    await expect(open().secrets.credentials('xnat')).rejects.toMatchObject({ code: 'ConfigurationError' });
  });

  it('passes on a refusal by Secrets Manager', async () => {
    manager
      .on(GetSecretValueCommand)
      .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    await expect(open().secrets.webhookSecrets('xnat')).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});
