import { Aws, Fn, Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { LogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { DeploymentConfig } from '../config.ts';
import { OperationsDashboard } from '../constructs/operations-dashboard.ts';
import { readParameter } from '../constructs/parameter.ts';
import type { DeploymentProps } from '../deployment-props.ts';

/** What an operator opens: the dashboard, saved queries over the logs, and the budget. */
export class OperationsStack extends Stack {
  constructor(scope: Construct, id: string, { config }: DeploymentProps) {
    super(scope, id, { description: 'Contourflow: dashboard, saved queries, budget' });
    new OperationsDashboard(this, 'Dashboard', {
      machineArns: {
        'prepare-session': readParameter(this, 'prepareSessionArn'),
        'save-dataset': readParameter(this, 'saveDatasetArn'),
        'train-model': readParameter(this, 'trainModelArn'),
        'release-model': readParameter(this, 'releaseModelArn'),
      },
      queueNames: {
        hints: Fn.select(5, Fn.split(':', readParameter(this, 'hintQueueArn'))),
        tracked: readParameter(this, 'trackQueueName'),
      },
    });
    this.saveQueries(readParameter(this, 'jobLogGroup'));
    this.createBudget(config);
  }

  private saveQueries(jobLogGroup: string): void {
    for (const [id, query] of Object.entries(STAGE_QUERIES)) this.saveQuery(id, query);
    this.saveQuery('JobErrors', {
      name: 'Errors of jobs',
      fields: ['@timestamp', '@logStream', '@message'],
      filter: '@message like /^error /',
      logGroup: jobLogGroup,
    });
  }

  private saveQuery(id: string, { name, fields, filter, logGroup }: SavedQuery): void {
    new QueryDefinition(this, id, {
      queryDefinitionName: `Contourflow/${name}`,
      queryString: new QueryString({
        fields: [...fields],
        filterStatements: [filter],
        sort: '@timestamp desc',
        limit: 200,
      }),
      ...(logGroup ? { logGroups: [LogGroup.fromLogGroupName(this, `${id}Group`, logGroup)] } : {}),
    });
  }

  /** Alarmed by e-mail at 80 % and when the forecast exceeds it; counts what carries our tag. */
  private createBudget({ alarmEmail, monthlyBudgetUsd }: DeploymentConfig): void {
    const subscribers = [{ subscriptionType: 'EMAIL', address: alarmEmail ?? '' }];
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `contourflow-${Aws.REGION}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyBudgetUsd, unit: 'USD' },
        costFilters: { TagKeyValue: ['user:application$contourflow'] },
      },
      ...(alarmEmail
        ? {
            notificationsWithSubscribers: [
              { subscribers, notification: threshold('ACTUAL', 80) },
              { subscribers, notification: threshold('FORECASTED', 100) },
            ],
          }
        : {}),
    });
  }
}

function threshold(notificationType: 'ACTUAL' | 'FORECASTED', percent: number) {
  return {
    notificationType,
    comparisonOperator: 'GREATER_THAN',
    threshold: percent,
    thresholdType: 'PERCENTAGE',
  };
}

interface SavedQuery {
  readonly name: string;
  readonly fields: readonly string[];
  readonly filter: string;
  /** @default the operator selects the groups: those of the stages are named after their functions */
  readonly logGroup?: string;
}

const STAGE_QUERIES: Readonly<Record<string, SavedQuery>> = {
  StageErrors: {
    name: 'Errors of stages',
    fields: ['@timestamp', 'stage', 'level', 'code', 'reason', 'project', 'session', 'requestId', '@message'],
    // A refused input is a warning; a function that ran out of time or memory writes no line of ours.
    filter: 'level in ["WARN", "ERROR"] or @message like /Task timed out|Runtime exited/',
  },
  OneSession: {
    name: 'Everything about one session',
    fields: ['@timestamp', 'stage', 'level', 'message', 'code', 'reason'],
    filter: 'session = "XNAT_E00001"',
  },
  SlowStages: {
    name: 'Slowest invocations',
    fields: ['@timestamp', '@log', '@duration', '@maxMemoryUsed', '@memorySize'],
    filter: '@type = "REPORT" and @duration > 60000',
  },
};
