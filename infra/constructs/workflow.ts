import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type LambdaStage, pascalCase, type StateMachineName } from '../../src/contracts/stage-names.ts';
import { acknowledge, acknowledgeWildcards, COMPLIANCE_PACKS } from './acknowledge.ts';
import { FailureAlarm } from './failure-alarm.ts';
import type { Foundation } from './foundation.ts';
import { grantDataKey } from './grants.ts';
import { ROLE_POLICY_REASON, type StageFunction } from './stage-function.ts';

/** Batch jobs that a machine submits and waits for. */
export interface WorkflowJobs {
  readonly queueArns: readonly string[];
  readonly definitionArns: readonly string[];
}

export interface WorkflowProps {
  readonly machine: StateMachineName;
  readonly root: string;
  readonly foundation: Foundation;
  /** Stages that the machine invokes, as `${<Stage>FunctionArn}`. */
  readonly stages: readonly StageFunction<LambdaStage>[];
  /** Other placeholders of the file. @default none */
  readonly substitutions?: Readonly<Record<string, string>>;
  /** @default no jobs */
  readonly jobs?: WorkflowJobs;
  /** Patterns of objects through which the machine hands jobs their input and reads their output. @default none */
  readonly exchangeObjects?: readonly string[];
}

const PLACEHOLDER = /\$\{([A-Za-z0-9]+)\}/g;

/**
 * A state machine from its file `statemachines/<machine>.asl.json`.
 *
 * The file is the definition: the timeout stands in it (a `timeout` prop would be dropped without a word), and
 * because CDK grants nothing for a file, each resource named in the substitutions is granted here.
 *
 * @throws Error naming the placeholders without a substitution, or the substitutions without a placeholder.
 */
export class Workflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, props: WorkflowProps) {
    super(scope, pascalCase(props.machine));
    const { machine, foundation } = props;
    const definition = readFileSync(join(props.root, 'statemachines', `${machine}.asl.json`), 'utf8');
    const substitutions = { ...functionArns(props.stages), ...props.substitutions };
    checkPlaceholders(machine, definition, substitutions);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `Contourflow ${machine}`,
    });
    this.grantTasks(role, props);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: `contourflow-${machine}`,
      comment: `Contourflow ${machine}`,
      // Compact: the template counts bytes, and the file stays the readable form.
      definitionBody: DefinitionBody.fromString(JSON.stringify(JSON.parse(definition))),
      definitionSubstitutions: substitutions,
      role,
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          logGroupName: `/aws/vendedlogs/states/contourflow-${machine}`,
          retention: foundation.config.logRetentionDays,
          encryptionKey: foundation.key,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    this.ringWhenFailing(props);
    acknowledge(role, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
    acknowledgeWildcards(role, ['*'], 'log delivery and X-Ray support no resource-level permission');
  }

  private grantTasks(role: Role, { stages, jobs, exchangeObjects = [], foundation }: WorkflowProps): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: stages.map((stage) => stage.function.functionArn),
      }),
    );
    if (jobs) grantJobs(role, jobs);
    if (exchangeObjects.length > 0) {
      const resources = exchangeObjects.map((pattern) => `${foundation.bucketArn}/${pattern}`);
      role.addToPolicy(
        new PolicyStatement({ actions: ['s3:PutObject', 's3:PutObjectTagging', 's3:GetObject'], resources }),
      );
      acknowledgeWildcards(
        role,
        resources,
        'the working files of an execution are named by project and execution',
      );
      grantDataKey(role, foundation);
    }
  }

  private ringWhenFailing({ machine, foundation }: WorkflowProps): void {
    const alarms = {
      Failed: this.stateMachine.metricFailed({ period: Duration.minutes(5) }),
      TimedOut: this.stateMachine.metricTimedOut({ period: Duration.minutes(5) }),
    };
    for (const [id, metric] of Object.entries(alarms)) {
      new FailureAlarm(this, id, {
        metric,
        meaning: `An execution of ${machine} ${id === 'Failed' ? 'failed' : 'timed out'}.`,
        runbookSection: 'failed-executions',
        runbookUrl: foundation.config.runbookUrl,
        topic: foundation.alarmTopic,
      });
    }
  }
}

function functionArns(stages: readonly StageFunction<LambdaStage>[]): Record<string, string> {
  return Object.fromEntries(
    stages.map((stage) => [`${stage.node.id}FunctionArn`, stage.function.functionArn]),
  );
}

function checkPlaceholders(
  machine: StateMachineName,
  definition: string,
  substitutions: Readonly<Record<string, string>>,
): void {
  const used = new Set([...definition.matchAll(PLACEHOLDER)].map((match) => match[1] as string));
  const missing = [...used].filter((name) => !(name in substitutions));
  const unused = Object.keys(substitutions).filter((name) => !used.has(name));
  if (missing.length > 0 || unused.length > 0) {
    throw new Error(
      `statemachines/${machine}.asl.json: placeholders without a substitution: ${missing.join(', ') || 'none'}; ` +
        `substitutions without a placeholder: ${unused.join(', ') || 'none'}`,
    );
  }
}

/** What the optimised integration `batch:submitJob.sync` needs: submit, watch through its managed rule, end. */
function grantJobs(role: Role, { queueArns, definitionArns }: WorkflowJobs): void {
  const jobs = `arn:aws:batch:${Aws.REGION}:${Aws.ACCOUNT_ID}:job/*`;
  const rule = `arn:aws:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/StepFunctionsGetEventsForBatchJobsRule`;
  for (const [actions, resources] of [
    [['batch:SubmitJob'], [...queueArns, ...definitionArns]],
    [['batch:TerminateJob'], [jobs]],
    [['batch:DescribeJobs'], ['*']],
    [['events:PutTargets', 'events:PutRule', 'events:DescribeRule'], [rule]],
  ] as const) {
    role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }
  acknowledgeWildcards(role, [jobs], 'a job gets its ARN when it is submitted');
}
