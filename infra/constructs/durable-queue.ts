import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { FailureAlarm } from './failure-alarm.ts';
import type { Foundation } from './foundation.ts';

/** A message that waits longer than this means that its consumer is not keeping up. */
const LATE_AFTER = Duration.minutes(15);

/** A queue of messages that failed, with the alarm that somebody must look at them. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  /** @param holds - what kind of message ends here, for the alarm's text: `session hints`. */
  constructor(scope: Construct, id: string, foundation: Foundation, holds: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: foundation.key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    for (const [packs, rule] of [
      [['Serverless'], 'SQSRedrivePolicy'],
      [['AwsSolutions'], 'SQS3'],
    ] as const) {
      acknowledge(this.queue, packs, rule, 'the end of the line: people look at what is here');
    }
    new FailureAlarm(this, 'NotEmpty', {
      metric: this.queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      meaning: `Messages in the dead letter queue of ${holds}.`,
      runbookSection: 'dead-letters',
      runbookUrl: foundation.config.runbookUrl,
      topic: foundation.alarmTopic,
    });
  }
}

export interface DurableQueueProps {
  readonly foundation: Foundation;
  /** What the messages are, for the alarms' texts: `session hints`. */
  readonly holds: string;
  /** Longest time that a consumer takes over one batch. */
  readonly consumerTimeout: Duration;
  /** Attempts before a message is put aside. @default 5 */
  readonly maxReceiveCount?: number;
}

/** A queue that loses nothing: dead letters are kept and rung for, and so is a backlog. */
export class DurableQueue extends Construct {
  readonly queue: Queue;
  /** Also takes what EventBridge could not put into the queue. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: DurableQueueProps) {
    super(scope, id);
    const { foundation, holds } = props;
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters', foundation, holds).queue;
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: foundation.key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // AWS asks for six times the consumer's timeout, so that a slow batch is not delivered twice.
      visibilityTimeout: Duration.seconds(props.consumerTimeout.toSeconds() * 6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.maxReceiveCount ?? 5 },
    });
    new FailureAlarm(this, 'Late', {
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(5) }),
      threshold: LATE_AFTER.toSeconds(),
      meaning: `The oldest of the ${holds} has waited for over ${LATE_AFTER.toMinutes()} minutes.`,
      runbookSection: 'late-messages',
      runbookUrl: foundation.config.runbookUrl,
      topic: foundation.alarmTopic,
    });
  }
}
