import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Entity, RecordOf } from '../../../contracts/records.ts';
import { TABLE } from '../../../contracts/table.ts';
import type { Clock, Page } from '../../../ports/index.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { edgePrefix, parseEdge, recordKey, statePrefix } from './keys.ts';
import { parseRecord } from './parse-record.ts';

const DEFAULT_LIMIT = 50;
const MAX_LINKS = 10_000;

export interface DynamoRecordStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly clock: Clock;
}

export type RecordTable = ReturnType<typeof recordTable>;

/** The calls themselves, one function each. */
export function recordTable({ client, tableName: TableName, clock }: DynamoRecordStoreOptions) {
  return {
    client,
    TableName,
    now: () => clock.now().toISOString(),
    async get<E extends Entity>(entity: E, project: string, id: string): Promise<RecordOf<E> | null> {
      const Key = recordKey(project, entity, id);
      const { Item } = await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return Item ? parseRecord(entity, Item) : null;
    },
    async put(Item: Record<string, unknown>, condition: Record<string, unknown> = {}): Promise<void> {
      await client.send(new PutCommand({ TableName, Item, ...condition }));
    },
    async remove(entity: Entity, project: string, id: string): Promise<void> {
      await client.send(new DeleteCommand({ TableName, Key: recordKey(project, entity, id) }));
    },
    page: <E extends Entity>(entity: E, partition: string, query: ListQuery = {}) =>
      queryPage(client, TableName, entity, partition, query),
    linkedIds: (project: string, from: { entity: string; id: string }, entity: Entity) =>
      queryLinks(client, TableName, recordKey(project, from.entity, from.id).PK, edgePrefix(entity)),
  };
}

interface ListQuery {
  state?: string;
  limit?: number;
  cursor?: string;
  newestFirst?: boolean;
}

async function queryPage<E extends Entity>(
  client: DynamoDBDocumentClient,
  TableName: string,
  entity: E,
  partition: string,
  { state, limit = DEFAULT_LIMIT, cursor, newestFirst = false }: ListQuery,
): Promise<Page<RecordOf<E>>> {
  const { name: IndexName, partitionKey, sortKey } = TABLE.index1;
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName,
      IndexName,
      KeyConditionExpression: `${partitionKey} = :partition${state ? ` AND begins_with(${sortKey}, :state)` : ''}`,
      ExpressionAttributeValues: {
        ':partition': partition,
        ...(state ? { ':state': statePrefix(state) } : {}),
      },
      ScanIndexForward: !newestFirst,
      Limit: limit,
      ExclusiveStartKey: decodeCursor(cursor, { attribute: partitionKey, value: partition }),
    }),
  );
  return { items: Items.map((item) => parseRecord(entity, item)), next: encodeCursor(LastEvaluatedKey) };
}

async function queryLinks(
  client: DynamoDBDocumentClient,
  TableName: string,
  partition: string,
  prefix: string,
): Promise<string[]> {
  const ids: string[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: `${TABLE.partitionKey} = :partition AND begins_with(${TABLE.sortKey}, :prefix)`,
        ExpressionAttributeValues: { ':partition': partition, ':prefix': prefix },
        ExclusiveStartKey,
      }),
    );
    ids.push(...Items.map((item) => parseEdge(String(item[TABLE.sortKey])).id));
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey && ids.length < MAX_LINKS);
  return ids;
}
