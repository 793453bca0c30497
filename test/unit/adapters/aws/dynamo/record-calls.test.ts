import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createDynamoRecordStore } from '../../../../../src/adapters/aws/dynamo/record-store.ts';
import type { SessionHint } from '../../../../../src/contracts/events.ts';
import { createMemoryClock } from '../../../../helpers/memory-ports.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const NOW = '2026-01-01T00:00:00.000Z';
const store = createDynamoRecordStore({
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' })),
  tableName: 'records',
  clock: createMemoryClock(NOW),
});

const NEW_MODEL = {
  entity: 'model',
  project: 'p',
  id: 'm',
  state: 'active',
  title: 'Liver',
  latestVersion: 0,
} as const;
const MODEL = { ...NEW_MODEL, schemaVersion: 1, revision: 4, createdAt: NOW, updatedAt: NOW };
const KEY = { PK: 'P#p#model#m', SK: 'RECORD' };
const KEYS = { ...KEY, GSI1PK: 'P#p#model', GSI1SK: `active#${NOW}#m` };
const SESSION = {
  schemaVersion: 1,
  entity: 'session',
  project: 'p',
  id: 'xnat:E1',
  state: 'idle',
  archiveId: 'xnat',
  session: 'E1',
  uploads: [],
  generation: 3,
  preparedGeneration: 2,
  attempt: 1,
  lease: null,
  fingerprint: null,
  revision: 7,
  createdAt: NOW,
  updatedAt: NOW,
};
const HINT: SessionHint = {
  schemaVersion: 1,
  kind: 'session-hint',
  deliveryId: 'd1',
  cause: 'webhook',
  archiveId: 'xnat',
  project: 'p',
  session: 'E1',
  uploadManifestKey: null,
};

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error(name), { name, ...more });
}

beforeEach(() => {
  dynamo.reset();
  dynamo.on(GetCommand).resolves({});
  dynamo.on(PutCommand).resolves({});
  dynamo.on(TransactWriteCommand).resolves({});
  dynamo.on(QueryCommand).resolves({});
});

describe('calls that read', () => {
  it('get one record, consistently', async () => {
    dynamo.on(GetCommand, { TableName: 'records', Key: KEY, ConsistentRead: true }).resolves({
      Item: { ...MODEL, ...KEYS },
    });
    expect(await store.get('model', 'p', 'm')).toEqual(MODEL);
  });

  it('refuse a record that a newer release wrote', async () => {
    dynamo.on(GetCommand).resolves({ Item: { ...MODEL, ...KEYS, schemaVersion: 2 } });
    await expect(store.get('model', 'p', 'm')).rejects.toMatchObject({
      code: 'UnknownSchemaVersion',
      details: { entity: 'model', version: 2 },
    });
    await expect(store.update('model', 'p', 'm', (current) => current)).rejects.toMatchObject({
      code: 'UnknownSchemaVersion',
    });
    expect(dynamo.commandCalls(PutCommand)).toHaveLength(0);
  });

  it('list by index 1, a state by its prefix, newest first from the end', async () => {
    expect(await store.list('model', 'p', { state: 'active', limit: 5, newestFirst: true })).toEqual({
      items: [],
      next: null,
    });
    expect(dynamo.commandCalls(QueryCommand)[0]?.args[0].input).toEqual({
      TableName: 'records',
      IndexName: 'GSI1',
      KeyConditionExpression: 'GSI1PK = :partition AND begins_with(GSI1SK, :state)',
      ExpressionAttributeValues: { ':partition': 'P#p#model', ':state': 'active#' },
      ScanIndexForward: false,
      Limit: 5,
      ExclusiveStartKey: undefined,
    });
  });

  it('go on where the page before ended', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [{ ...MODEL, ...KEYS }], LastEvaluatedKey: KEYS });
    const { next } = await store.list('model', 'p');
    await store.list('model', 'p', { cursor: next ?? '' });
    expect(dynamo.commandCalls(QueryCommand)[1]?.args[0].input).toMatchObject({
      KeyConditionExpression: 'GSI1PK = :partition',
      ScanIndexForward: true,
      Limit: 50,
      ExclusiveStartKey: KEYS,
    });
    await expect(store.list('model', 'other', { cursor: next ?? '' })).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
  });

  it('list projects from the partition of all projects', async () => {
    await store.listProjects();
    expect(dynamo.commandCalls(QueryCommand)[0]?.args[0].input.ExpressionAttributeValues).toEqual({
      ':partition': 'PROJECTS',
    });
  });

  it('follow edges consistently, page by page', async () => {
    const input = {
      TableName: 'records',
      ConsistentRead: true,
      KeyConditionExpression: 'PK = :partition AND begins_with(SK, :prefix)',
      ExpressionAttributeValues: { ':partition': 'P#p#case#c', ':prefix': 'EDGE#dataset#' },
    };
    const LastEvaluatedKey = { PK: 'P#p#case#c', SK: 'EDGE#dataset#d1' };
    dynamo
      .on(QueryCommand, input)
      .resolvesOnce({ Items: [{ SK: 'EDGE#dataset#d1' }], LastEvaluatedKey })
      .resolves({ Items: [{ SK: 'EDGE#dataset#d2' }] });
    expect(await store.linked('p', { entity: 'case', id: 'c' }, 'dataset')).toEqual(['d1', 'd2']);
    expect(dynamo.commandCalls(QueryCommand)[1]?.args[0].input.ExclusiveStartKey).toEqual(LastEvaluatedKey);
  });

  it('stop following edges at ten thousand', async () => {
    const Items = Array.from({ length: 5_000 }, (_, n) => ({ SK: `EDGE#dataset#${n}` }));
    dynamo.on(QueryCommand).resolves({ Items, LastEvaluatedKey: { PK: 'x' } });
    expect(await store.linked('p', { entity: 'case', id: 'c' }, 'dataset')).toHaveLength(10_000);
    expect(dynamo.commandCalls(QueryCommand)).toHaveLength(2);
  });
});

describe('calls that write', () => {
  it('create a record only where there is none', async () => {
    await store.create(NEW_MODEL);
    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input).toEqual({
      TableName: 'records',
      Item: { ...MODEL, ...KEYS, revision: 1 },
      ConditionExpression: 'attribute_not_exists(PK)',
    });
  });

  it('name the id that exists already', async () => {
    dynamo.on(PutCommand).rejects(named('ConditionalCheckFailedException'));
    await expect(store.create(NEW_MODEL)).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('"m"'),
    });
  });

  it.each(['ThrottlingException', 'ProvisionedThroughputExceededException'])('pass on %s', async (name) => {
    dynamo.on(GetCommand).resolves({ Item: { ...MODEL, ...KEYS } });
    dynamo.on(PutCommand).rejects(named(name));
    await expect(store.create(NEW_MODEL)).rejects.toMatchObject({ name });
    await expect(store.update('model', 'p', 'm', (current) => current)).rejects.toMatchObject({ name });
    expect(dynamo.commandCalls(PutCommand)).toHaveLength(2);
  });

  it('change a record only at the revision that was read', async () => {
    dynamo.on(GetCommand).resolves({ Item: { ...MODEL, ...KEYS } });
    await store.update('model', 'p', 'm', (current) => ({ ...current, title: 'Kidney' }));
    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input).toEqual({
      TableName: 'records',
      Item: { ...MODEL, ...KEYS, title: 'Kidney', revision: 5 },
      ConditionExpression: 'revision = :revision',
      ExpressionAttributeValues: { ':revision': 4 },
    });
  });

  it.each(['ConditionalCheckFailedException', 'TransactionConflictException'])(
    'read and change again after %s',
    async (name) => {
      dynamo
        .on(GetCommand)
        .resolvesOnce({ Item: { ...MODEL, ...KEYS } })
        .resolves({ Item: { ...MODEL, ...KEYS, revision: 5, latestVersion: 1 } });
      dynamo.on(PutCommand).rejectsOnce(named(name)).resolves({});
      const changed = await store.update('model', 'p', 'm', (current) => ({
        ...current,
        latestVersion: current.latestVersion + 1,
      }));
      expect(changed).toMatchObject({ latestVersion: 2, revision: 6 });
    },
  );

  it('link both directions in one item', async () => {
    await store.link('p', { entity: 'case', id: 'c' }, { entity: 'dataset', id: 'd' });
    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input).toEqual({
      TableName: 'records',
      Item: { PK: 'P#p#case#c', SK: 'EDGE#dataset#d', GSI2PK: 'P#p#dataset#d', GSI2SK: 'EDGE#case#c' },
    });
  });

  it('delete one record', async () => {
    dynamo.on(DeleteCommand).resolves({});
    await store.delete('model', 'p', 'm');
    expect(dynamo.commandCalls(DeleteCommand)[0]?.args[0].input).toEqual({ TableName: 'records', Key: KEY });
  });
});

describe('the transaction that takes a hint', () => {
  const writes = () =>
    dynamo.commandCalls(TransactWriteCommand).map(({ args }) => args[0].input.TransactItems);
  const cancelled = (...codes: (string | undefined)[]) =>
    named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });

  it('writes delivery and first session together, each only where there is none', async () => {
    expect(await store.raiseGeneration(HINT)).toMatchObject({
      seenBefore: false,
      session: { generation: 1, revision: 1 },
    });
    const [delivery, session] = writes()[0] ?? [];
    expect(delivery?.Put).toMatchObject({
      TableName: 'records',
      ConditionExpression: 'attribute_not_exists(PK)',
      Item: { PK: 'P#p#delivery#d1', expiresAt: Date.parse(NOW) / 1000 + 30 * 86_400 },
    });
    expect(session?.Put).toMatchObject({
      TableName: 'records',
      ConditionExpression: 'attribute_not_exists(PK)',
      Item: { PK: 'P#p#session#xnat:E1' },
    });
  });

  it('raises a known session at the revision that was read', async () => {
    dynamo.on(GetCommand, { Key: { PK: 'P#p#session#xnat:E1', SK: 'RECORD' } }).resolves({ Item: SESSION });
    expect(await store.raiseGeneration(HINT)).toMatchObject({
      session: { generation: 4, attempt: 0, preparedGeneration: 2, revision: 8 },
    });
    expect(writes()[0]?.[1]?.Put).toMatchObject({
      ConditionExpression: 'revision = :revision',
      ExpressionAttributeValues: { ':revision': 7 },
    });
  });

  it.each([
    ['a failed condition', cancelled('None', 'ConditionalCheckFailed')],
    ['a conflict with another transaction', cancelled('TransactionConflict', 'None')],
  ])('is tried again after %s', async (_, error) => {
    dynamo.on(TransactWriteCommand).rejectsOnce(error).resolves({});
    expect(await store.raiseGeneration(HINT)).toMatchObject({ seenBefore: false });
    expect(writes()).toHaveLength(2);
  });

  it.each([
    ['throttled', cancelled('ThrottlingError', undefined)],
    ['cancelled without reasons', named('TransactionCanceledException')],
    [
      'cancelled with reasons of another form',
      named('TransactionCanceledException', { CancellationReasons: '?' }),
    ],
    ['refused', named('AccessDeniedException')],
  ])('is not repeated when it was %s', async (_, error) => {
    dynamo.on(TransactWriteCommand).rejects(error);
    await expect(store.raiseGeneration(HINT)).rejects.toBe(error);
    expect(writes()).toHaveLength(1);
  });
});
