import { Aws, Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  Metric,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { dashboardName, METRIC_DIMENSIONS, METRIC_NAMESPACE, METRICS } from '../../src/contracts/metrics.ts';
import { RUN_STATES } from '../../src/contracts/records.ts';
import { LAMBDA_STAGES, type StateMachineName } from '../../src/contracts/stage-names.ts';

export interface OperationsDashboardProps {
  readonly machineArns: Readonly<Record<StateMachineName, string>>;
  readonly queueNames: Readonly<Record<'hints' | 'tracked', string>>;
}

const PERIOD = Duration.minutes(5);
const HALF = 12;

/** One page: what came in, what became of it, what waits, what fails, what it costs now. */
export class OperationsDashboard extends Construct {
  constructor(scope: Construct, id: string, props: OperationsDashboardProps) {
    super(scope, id);
    new Dashboard(this, 'Dashboard', {
      dashboardName: dashboardName(Aws.REGION),
      widgets: [
        [
          new TextWidget({
            markdown: '# Contourflow\nFrom a saved contour to a trained model.',
            width: 24,
            height: 2,
          }),
        ],
        [events(), cases()],
        [runs(), executions(props.machineArns)],
        [queueAge(props.queueNames), failures()],
        [cost()],
      ],
    });
  }
}

function graph(title: string, left: IMetric[], leftLabel: string): IWidget {
  return new GraphWidget({ title, left, leftYAxis: { label: leftLabel, min: 0 }, width: HALF });
}

/** A metric that our functions emit; `dimensions` as in src/contracts/metrics.ts. */
function ours(
  metricName: string,
  label: string,
  dimensionsMap: Record<string, string>,
  statistic = 'Sum',
): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    label,
    statistic,
    period: PERIOD,
    dimensionsMap,
  });
}

/** Sum over every stage that emits the metric. */
function overStages(metricName: string, label: string): MathExpression {
  return new MathExpression({
    expression: `SUM(SEARCH('{${METRIC_NAMESPACE},${METRIC_DIMENSIONS.stage}} MetricName="${metricName}"', 'Sum'))`,
    label,
    period: PERIOD,
    usingMetrics: {},
  });
}

const events = (): IWidget => graph('Events in', [overStages(METRICS.eventsIn, 'hints')], 'events');

const cases = (): IWidget =>
  graph(
    'Cases',
    [
      overStages(METRICS.casesReady, 'ready'),
      overStages(METRICS.casesForReview, 'for review'),
      overStages(METRICS.casesQuarantined, 'in quarantine'),
    ],
    'cases',
  );

const runs = (): IWidget =>
  graph(
    'Runs by state',
    RUN_STATES.map((state) =>
      ours(METRICS.runsByState, state, { [METRIC_DIMENSIONS.state]: state }, 'Maximum'),
    ),
    'runs',
  );

function executions(machineArns: OperationsDashboardProps['machineArns']): IWidget {
  const metric = (name: string, label: string, arn: string) =>
    new Metric({
      namespace: 'AWS/States',
      metricName: name,
      label,
      statistic: 'Sum',
      period: PERIOD,
      dimensionsMap: { StateMachineArn: arn },
    });
  return graph(
    'Executions',
    Object.entries(machineArns).flatMap(([machine, arn]) => [
      metric('ExecutionsSucceeded', `${machine} succeeded`, arn),
      metric('ExecutionsFailed', `${machine} failed`, arn),
    ]),
    'executions',
  );
}

function queueAge(queueNames: OperationsDashboardProps['queueNames']): IWidget {
  return graph(
    'Age of the oldest message',
    Object.entries(queueNames).map(
      ([label, QueueName]) =>
        new Metric({
          namespace: 'AWS/SQS',
          metricName: 'ApproximateAgeOfOldestMessage',
          label,
          statistic: 'Maximum',
          period: PERIOD,
          dimensionsMap: { QueueName },
        }),
    ),
    'seconds',
  );
}

const failures = (): IWidget =>
  graph(
    'Failures by stage',
    LAMBDA_STAGES.map((stage) => ours(METRICS.stageFailures, stage, { [METRIC_DIMENSIONS.stage]: stage })),
    'failures',
  );

const cost = (): IWidget =>
  graph('Cost of running jobs', [overStages(METRICS.runningJobCost, 'list price')], 'USD per hour');
