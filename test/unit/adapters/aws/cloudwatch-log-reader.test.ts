import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createCloudWatchLogReader } from '../../../../src/adapters/aws/cloudwatch-log-reader.ts';

const logs = mockClient(CloudWatchLogsClient);
const reader = createCloudWatchLogReader({
  client: new CloudWatchLogsClient({ region: 'eu-west-1' }),
  logGroup: '/contourflow/jobs',
});

beforeEach(() => {
  logs.reset();
});

describe('the log of a job', () => {
  it('is read from its start', async () => {
    logs.on(GetLogEventsCommand).resolves({
      events: [{ timestamp: Date.UTC(2026, 0, 1), message: 'epoch 1\n' }, {}],
      nextForwardToken: 'f/2',
    });
    expect(await reader.read('s', null, 100)).toEqual({
      lines: [
        { time: '2026-01-01T00:00:00.000Z', text: 'epoch 1' },
        { time: '1970-01-01T00:00:00.000Z', text: '' },
      ],
      next: 'f/2',
    });
    expect(logs.commandCalls(GetLogEventsCommand)[0]?.args[0].input).toEqual({
      logGroupName: '/contourflow/jobs',
      logStreamName: 's',
      startFromHead: true,
      limit: 100,
    });
  });

  it('goes on after a token, and keeps it when there is no newer one', async () => {
    logs.on(GetLogEventsCommand, { nextToken: 'f/2' }).resolves({});
    expect(await reader.read('s', 'f/2', 100)).toEqual({ lines: [], next: 'f/2' });
  });

  it('is empty before the job has said anything', async () => {
    logs
      .on(GetLogEventsCommand)
      .rejects(new ResourceNotFoundException({ message: 'no stream', $metadata: {} }));
    expect(await reader.read('s', 'f/1', 100)).toEqual({ lines: [], next: 'f/1' });
  });

  it('is not called empty when CloudWatch is throttling', async () => {
    logs.on(GetLogEventsCommand).rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' }));
    await expect(reader.read('s', null, 100)).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});
