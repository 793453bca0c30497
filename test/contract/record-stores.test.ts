import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDynamoRecordStore } from '../../src/adapters/aws/dynamo/record-store.ts';
import { FakeDocumentClient } from '../helpers/fake-document-client.ts';
import { createMemoryClock } from '../helpers/memory-ports.ts';
import { createMemoryRecordStore } from '../helpers/memory-record-store.ts';
import { describeRecordStore } from './record-store.contract.ts';

let counter = 0;
const nextProject = (): string => {
  counter += 1;
  return `P${Date.now().toString(36)}${counter}`;
};

describeRecordStore('memory', () => {
  const clock = createMemoryClock();
  return { store: createMemoryRecordStore(clock), clock, project: nextProject() };
});

describeRecordStore('DynamoDB (calls answered in memory)', () => {
  const clock = createMemoryClock();
  const client = new FakeDocumentClient().asClient();
  return {
    store: createDynamoRecordStore({ client, tableName: 'table', clock }),
    clock,
    project: nextProject(),
  };
});

/** A table made as the storage stack makes it, on an endpoint such as the local machine's. */
const { CONTOURFLOW_TEST_TABLE: tableName, AWS_ENDPOINT_URL: endpoint } = process.env;
if (tableName && endpoint) {
  describeRecordStore('DynamoDB', () => {
    const clock = createMemoryClock();
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint }), {
      marshallOptions: { removeUndefinedValues: true },
    });
    return { store: createDynamoRecordStore({ client, tableName, clock }), clock, project: nextProject() };
  });
}
