import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createEventBridgePublisher } from '../../../../src/adapters/aws/eventbridge-publisher.ts';
import { createSqsHintQueue } from '../../../../src/adapters/aws/sqs-hint-queue.ts';
import { EVENT_SOURCE, SessionHint } from '../../../../src/contracts/events.ts';

const bus = mockClient(EventBridgeClient);
const sqs = mockClient(SQSClient);
const publisher = createEventBridgePublisher({ client: new EventBridgeClient({ region: 'eu-west-1' }) });
const queue = createSqsHintQueue({ client: new SQSClient({ region: 'eu-west-1' }), queueUrl: 'https://q' });

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

beforeEach(() => {
  bus.reset();
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
});

describe('publishing events', () => {
  it('puts one event of ours on the default bus', async () => {
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });
    await publisher.publish('Run Finished', { runId: 'r' });
    expect(bus.commandCalls(PutEventsCommand)[0]?.args[0].input).toEqual({
      Entries: [{ Source: EVENT_SOURCE, DetailType: 'Run Finished', Detail: '{"runId":"r"}' }],
    });
  });

  it('does not take an entry that failed for success', async () => {
    bus
      .on(PutEventsCommand)
      .resolvesOnce({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] })
      .resolves({ FailedEntryCount: 1 });
    await expect(publisher.publish('Run Finished', {})).rejects.toMatchObject({
      code: 'UpstreamError',
      message: expect.stringContaining('ThrottlingException'),
    });
    await expect(publisher.publish('Run Finished', {})).rejects.toThrow(/no reason given/);
  });

  it('needs no count of failures to have succeeded', async () => {
    bus.on(PutEventsCommand).resolves({});
    await expect(publisher.publish('Run Finished', {})).resolves.toBeUndefined();
  });
});

describe('sending hints', () => {
  it('sends a hint that its reader understands, at once unless told otherwise', async () => {
    await queue.send(HINT);
    const input = sqs.commandCalls(SendMessageCommand)[0]?.args[0].input;
    expect(input).toMatchObject({ QueueUrl: 'https://q', DelaySeconds: 0 });
    expect(SessionHint.parse(JSON.parse(input?.MessageBody ?? ''))).toEqual(HINT);
  });

  it.each([
    [-5, 0],
    [0.4, 0],
    [29.6, 30],
    [900, 900],
    [5000, 900],
  ])('makes a delay of %d s one of %d s, which SQS accepts', async (asked, sent) => {
    await queue.send(HINT, asked);
    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input.DelaySeconds).toBe(sent);
  });
});
