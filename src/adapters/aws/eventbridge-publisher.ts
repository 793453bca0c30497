import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PipelineError } from '../../contracts/errors.ts';
import { EVENT_SOURCE } from '../../contracts/events.ts';
import type { EventPublisher } from '../../ports/index.ts';

/** Puts events of our own on the default bus, for anyone in the account who listens. */
export function createEventBridgePublisher(options: { client: EventBridgeClient }): EventPublisher {
  const { client } = options;
  return {
    async publish(detailType, detail) {
      const { FailedEntryCount = 0, Entries = [] } = await client.send(
        new PutEventsCommand({
          Entries: [{ Source: EVENT_SOURCE, DetailType: detailType, Detail: JSON.stringify(detail) }],
        }),
      );
      if (FailedEntryCount === 0) return;
      const reason = Entries[0]?.ErrorCode ?? 'no reason given';
      throw new PipelineError(
        'UpstreamError',
        `EventBridge did not take the event ${detailType}: ${reason}; try again`,
      );
    },
  };
}
