import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogReader } from '../../ports/index.ts';

/** Log streams of the jobs. A stream that does not exist yet reads as empty: the job has not said anything. */
export function createCloudWatchLogReader(options: {
  client: CloudWatchLogsClient;
  logGroup: string;
}): LogReader {
  const { client, logGroup } = options;
  return {
    async read(stream, token, limit) {
      try {
        const { events = [], nextForwardToken } = await client.send(
          new GetLogEventsCommand({
            logGroupName: logGroup,
            logStreamName: stream,
            startFromHead: true,
            limit,
            ...(token ? { nextToken: token } : {}),
          }),
        );
        const lines = events.map(({ timestamp = 0, message = '' }) => ({
          time: new Date(timestamp).toISOString(),
          text: message.trimEnd(),
        }));
        return { lines, next: nextForwardToken ?? token };
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return { lines: [], next: token };
        throw error;
      }
    },
  };
}
