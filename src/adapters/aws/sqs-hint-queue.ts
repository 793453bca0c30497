import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { HintQueue } from '../../ports/index.ts';

const MAX_DELAY_SECONDS = 900;

export function createSqsHintQueue(options: { client: SQSClient; queueUrl: string }): HintQueue {
  const { client, queueUrl } = options;
  return {
    async send(hint, delaySeconds = 0) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify(hint),
          DelaySeconds: Math.min(MAX_DELAY_SECONDS, Math.max(0, Math.round(delaySeconds))),
        }),
      );
    },
  };
}
