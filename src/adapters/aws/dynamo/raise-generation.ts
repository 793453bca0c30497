import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionHint } from '../../../contracts/events.ts';
import { sessionRecordId } from '../../../contracts/identifiers.ts';
import type { SessionRecord } from '../../../contracts/records.ts';
import { TABLE } from '../../../contracts/table.ts';
import { retryAfterConflict } from './conflicts.ts';
import type { RecordTable } from './record-table.ts';
import { nextRevision, toItem } from './record-writes.ts';
import { acceptedDelivery, raisedSession } from './session-rules.ts';

/** Delivery record and generation in one transaction: either the hint counted, or it can be delivered again. */
export async function raiseGeneration(
  table: RecordTable,
  hint: SessionHint,
): Promise<{ session: SessionRecord; seenBefore: boolean }> {
  const id = sessionRecordId(hint.archiveId, hint.session);
  return retryAfterConflict(`session "${id}"`, isCancelled, async () => {
    const current = await table.get('session', hint.project, id);
    const seen = await table.get('delivery', hint.project, hint.deliveryId);
    if (seen && current) return { session: current, seenBefore: true };
    const session = await writeBoth(table, hint, current);
    return { session, seenBefore: false };
  });
}

async function writeBoth(
  { client, TableName, now }: RecordTable,
  hint: SessionHint,
  current: SessionRecord | null,
): Promise<SessionRecord> {
  const time = now();
  const raised = raisedSession(current, hint, time);
  const session = nextRevision<'session'>(raised, raised, time);
  const absent = `attribute_not_exists(${TABLE.partitionKey})`;
  const unchanged = current
    ? {
        ConditionExpression: 'revision = :revision',
        ExpressionAttributeValues: { ':revision': current.revision },
      }
    : { ConditionExpression: absent };
  await client.send(
    new TransactWriteCommand({
      TransactItems: [
        { Put: { TableName, Item: toItem(acceptedDelivery(hint, time)), ConditionExpression: absent } },
        { Put: { TableName, Item: toItem(session), ...unchanged } },
      ],
    }),
  );
  return session;
}

/** Another writer took the session or the same delivery; reading again tells which. */
function isCancelled(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'TransactionCanceledException') return false;
  const reasons = 'CancellationReasons' in error ? error.CancellationReasons : [];
  return (
    Array.isArray(reasons) &&
    reasons.some((reason: { Code?: string }) =>
      ['ConditionalCheckFailed', 'TransactionConflict'].includes(reason.Code ?? ''),
    )
  );
}
