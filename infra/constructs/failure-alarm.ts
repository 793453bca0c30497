import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface FailureAlarmProps {
  readonly metric: IMetric;
  /** What is wrong when it rings, in one sentence. */
  readonly meaning: string;
  /** Heading of the runbook that tells what to do, as an anchor: `dead-letters`. */
  readonly runbookSection: string;
  readonly runbookUrl: string;
  readonly topic: ITopic;
  /** Rings when the metric is at or above this. @default 1 */
  readonly threshold?: number;
  /** Periods in a row that must be at or above it. @default 1 */
  readonly evaluationPeriods?: number;
}

/** An alarm that says what happened and where to read on; silence (no data) is good. */
export class FailureAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: FailureAlarmProps) {
    super(scope, id);
    this.alarm = new Alarm(this, 'Alarm', {
      metric: props.metric,
      threshold: props.threshold ?? 1,
      evaluationPeriods: props.evaluationPeriods ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${props.meaning} What to do: ${props.runbookUrl}#${props.runbookSection}`,
    });
    this.alarm.addAlarmAction(new SnsAction(props.topic));
  }
}
