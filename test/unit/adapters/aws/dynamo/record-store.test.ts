import { describe, expect, it } from '@jest/globals';
import { retryAfterConflict } from '../../../../../src/adapters/aws/dynamo/conflicts.ts';
import { decodeCursor, encodeCursor } from '../../../../../src/adapters/aws/dynamo/cursor.ts';
import * as keys from '../../../../../src/adapters/aws/dynamo/keys.ts';
import { parseRecord } from '../../../../../src/adapters/aws/dynamo/parse-record.ts';
import { createDynamoRecordStore } from '../../../../../src/adapters/aws/dynamo/record-store.ts';
import { FakeDocumentClient } from '../../../../helpers/fake-document-client.ts';
import { createMemoryClock } from '../../../../helpers/memory-ports.ts';

describe('cursors', () => {
  it('lead back to the key they were made of, in the same list only', () => {
    const key = { PK: 'a', SK: 'b', GSI1PK: 'P#p#run', GSI1SK: 'c' };
    const cursor = encodeCursor(key) ?? '';
    expect(decodeCursor(cursor, { attribute: 'GSI1PK', value: 'P#p#run' })).toEqual(key);
    expect(() => decodeCursor(cursor, { attribute: 'GSI1PK', value: 'P#q#run' })).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    );
    expect(encodeCursor(undefined)).toBeNull();
    expect(decodeCursor(undefined, { attribute: 'GSI1PK', value: 'x' })).toBeUndefined();
  });
});

describe('parseRecord', () => {
  const item = {
    ...keys.recordKey('p', 'model', 'm'),
    schemaVersion: 1,
    entity: 'model',
    project: 'p',
    id: 'm',
    state: 'active',
    title: '',
    latestVersion: 0,
    revision: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  };

  it('strips the keys', () => {
    expect(parseRecord('model', item)).not.toHaveProperty('PK');
  });

  it('refuses a record of a newer release instead of guessing at it', () => {
    expect(() => parseRecord('model', { ...item, schemaVersion: 2, shape: 'unknown' })).toThrow(
      expect.objectContaining({ code: 'UnknownSchemaVersion' }),
    );
  });

  it('names the place where a stored record is damaged', () => {
    expect(() => parseRecord('model', { ...item, latestVersion: 'x' })).toThrow(/latestVersion/);
  });
});

describe('retryAfterConflict', () => {
  it('gives up with Conflict after forty tries', async () => {
    let tries = 0;
    const attempt = () => {
      tries += 1;
      return Promise.reject(new Error('lost'));
    };
    await expect(retryAfterConflict('run "r"', () => true, attempt)).rejects.toMatchObject({
      code: 'Conflict',
    });
    expect(tries).toBe(40);
  }, 20_000);

  it('passes on every other error at once', async () => {
    await expect(
      retryAfterConflict(
        'x',
        () => false,
        () => Promise.reject(new Error('other')),
      ),
    ).rejects.toThrow('other');
  });
});

describe('createDynamoRecordStore', () => {
  const failing = (error: Error) => {
    const client = new FakeDocumentClient();
    client.send = () => Promise.reject(error);
    return createDynamoRecordStore({ client: client.asClient(), tableName: 't', clock: createMemoryClock() });
  };
  const model = {
    entity: 'model',
    project: 'p',
    id: 'm',
    state: 'active',
    title: '',
    latestVersion: 0,
  } as const;

  it('passes on what is no lost race', async () => {
    const denied = Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
    await expect(failing(denied).create(model)).rejects.toThrow('denied');
    const cancelled = Object.assign(new Error('cancelled'), { name: 'TransactionCanceledException' });
    const hint = { schemaVersion: 1, kind: 'session-hint', deliveryId: 'd', cause: 'webhook' } as const;
    const of = { archiveId: 'x', project: 'p', session: 'E', uploadManifestKey: null };
    await expect(failing(cancelled).raiseGeneration({ ...hint, ...of })).rejects.toThrow('cancelled');
  });

  it('does not store what its schema refuses', async () => {
    const client = new FakeDocumentClient();
    const store = createDynamoRecordStore({
      client: client.asClient(),
      tableName: 't',
      clock: createMemoryClock(),
    });
    await expect(store.create({ ...model, latestVersion: -1 })).rejects.toThrow();
    expect(client.items.size).toBe(0);
  });

  it('follows edges over several pages', async () => {
    const client = new FakeDocumentClient();
    const store = createDynamoRecordStore({
      client: client.asClient(),
      tableName: 't',
      clock: createMemoryClock(),
    });
    const from = { entity: 'case', id: 'c' };
    const ids = Array.from({ length: 1100 }, (_, n) => `d${n}`);
    await Promise.all(ids.map((to) => store.link('p', from, { entity: 'dataset', id: to })));
    expect((await store.linked('p', from, 'dataset')).sort()).toEqual([...ids].sort());
  });
});
