import { GetQueueAttributesCommand, paginateListQueues, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from '@jest/globals';
import { clientConfig } from '../../local/machine/aws-clients.ts';
import { runningMachine } from './machine.ts';

/** Runs near the end, by its name: what the files before it sent wrong would lie here, and ring an alarm. */
it('leaves no message in a dead letter queue', async () => {
  const { machine } = await runningMachine();
  const client = new SQSClient(clientConfig(machine));
  const found: Record<string, string | undefined> = {};
  for await (const { QueueUrls = [] } of paginateListQueues({ client }, {})) {
    for (const QueueUrl of QueueUrls.filter((url) => url.includes('DeadLetters'))) {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      found[QueueUrl.split('/').at(-1) ?? ''] = Attributes?.ApproximateNumberOfMessages;
    }
  }
  expect(Object.keys(found).length).toBeGreaterThanOrEqual(4);
  expect(new Set(Object.values(found))).toEqual(new Set(['0']));
}, 60_000);
