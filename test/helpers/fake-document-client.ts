import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';

type Item = Record<string, unknown>;
interface Put {
  Item?: Item | undefined;
  ConditionExpression?: string | undefined;
  ExpressionAttributeValues?: Item | undefined;
}

/**
 * DynamoDB as far as the record store uses it: conditional puts, transactions of puts, queries with a prefix. Every
 * call takes a turn of the event loop, so that writers meet as they do in the cloud. An expression it does not know
 * is an error, never true.
 */
export class FakeDocumentClient {
  readonly items = new Map<string, Item>();

  async send(command: unknown): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve));
    if (command instanceof GetCommand)
      return { Item: structuredClone(this.items.get(keyOf(command.input.Key ?? {}))) };
    if (command instanceof PutCommand) return this.putIf(command.input);
    if (command instanceof DeleteCommand) return this.items.delete(keyOf(command.input.Key ?? {}));
    if (command instanceof QueryCommand) return this.query(command.input);
    if (command instanceof TransactWriteCommand) return this.transact(command.input.TransactItems ?? []);
    throw new Error('a command that the fake does not know');
  }

  asClient(): DynamoDBDocumentClient {
    return this as unknown as DynamoDBDocumentClient;
  }

  private putIf(put: Put): void {
    if (!this.holds(put)) throw named('ConditionalCheckFailedException');
    this.items.set(keyOf(put.Item ?? {}), structuredClone(put.Item ?? {}));
  }

  private transact(writes: { Put?: Put | undefined }[]): void {
    const failed = writes.map(({ Put }) => !this.holds(Put ?? {}));
    if (failed.some(Boolean)) {
      const CancellationReasons = failed.map((one) => ({ Code: one ? 'ConditionalCheckFailed' : 'None' }));
      throw Object.assign(named('TransactionCanceledException'), { CancellationReasons });
    }
    for (const { Put } of writes) this.putIf({ Item: Put?.Item });
  }

  private holds({ Item = {}, ConditionExpression, ExpressionAttributeValues = {} }: Put): boolean {
    const present = this.items.get(keyOf(Item));
    switch (ConditionExpression) {
      case undefined:
        return true;
      case 'attribute_not_exists(PK)':
        return present === undefined;
      case 'revision = :revision':
        return present?.revision === ExpressionAttributeValues[':revision'];
      default:
        throw new Error(`a condition that the fake does not know: ${ConditionExpression}`);
    }
  }

  private query(input: QueryCommand['input']): { Items: Item[]; LastEvaluatedKey?: Item } {
    const index = input.IndexName ?? '';
    const [partitionKey, sortKey] = [`${index}PK`, `${index}SK`];
    const values = input.ExpressionAttributeValues ?? {};
    const prefix = String(values[':state'] ?? values[':prefix'] ?? '');
    const sorted = [...this.items.values()]
      .filter(
        (item) => item[partitionKey] === values[':partition'] && String(item[sortKey]).startsWith(prefix),
      )
      .sort((a, b) => (String(a[sortKey]) < String(b[sortKey]) ? -1 : 1));
    if (input.ScanIndexForward === false) sorted.reverse();
    const after = input.ExclusiveStartKey;
    const start = after ? sorted.findIndex((item) => keyOf(item) === keyOf(after)) + 1 : 0;
    const page = sorted.slice(start, start + (input.Limit ?? 1000));
    const last = page.at(-1);
    const more = start + page.length < sorted.length;
    const lastKey =
      last && more
        ? Object.fromEntries([...KEYS, partitionKey, sortKey].map((key) => [key, last[key]]))
        : null;
    return { Items: structuredClone(page), ...(lastKey ? { LastEvaluatedKey: lastKey } : {}) };
  }
}

const KEYS = ['PK', 'SK'];

function keyOf(item: Item): string {
  return JSON.stringify([item.PK, item.SK]);
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
