import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { StageEnv } from '../../src/contracts/env.ts';
import { type LambdaStage, pascalCase } from '../../src/contracts/stage-names.ts';
import { STAGE_SETTINGS, type StageSettings } from '../stage-settings.ts';
import { acknowledge, COMPLIANCE_PACKS } from './acknowledge.ts';
import { DeadLetterQueue } from './durable-queue.ts';
import { FailureAlarm } from './failure-alarm.ts';
import type { Foundation } from './foundation.ts';
import {
  grantArchives,
  grantDataKey,
  grantJobs,
  grantObjects,
  grantPutEvents,
  grantRecords,
  grantTracing,
} from './grants.ts';

const DEFAULT_MEMORY_MIB = 256;
const DEFAULT_TIMEOUT_SECONDS = 60;

export interface StageFunctionProps<S extends LambdaStage> {
  /** Stage served: the Lambda folder, the construct id and the settings of the same name. */
  readonly stage: S;
  /** Parsed by the handler at cold start; complete by type. */
  readonly environment: StageEnv<S>;
  readonly foundation: Foundation;
}

/** One stage as a function: its own role, log group and traces, and dead letters where nobody waits for it. */
export class StageFunction<S extends LambdaStage = LambdaStage> extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  /** Set for stages that are invoked asynchronously. */
  readonly deadLetters?: DeadLetterQueue;

  constructor(scope: Construct, props: StageFunctionProps<S>) {
    super(scope, pascalCase(props.stage));
    const { stage, foundation } = props;
    const settings = STAGE_SETTINGS[stage];
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Contourflow ${stage}`,
    });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: foundation.config.logRetentionDays,
      encryptionKey: foundation.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    logGroup.grantWrite(this.role);
    grantStage(this.role, foundation, settings);
    if (settings.asynchronous) {
      this.deadLetters = new DeadLetterQueue(this, 'DeadLetters', foundation, `${stage} invocations`);
    }
    this.function = new LambdaFunction(this, 'Function', {
      description: `Contourflow stage ${stage}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(foundation.handlers.folder(stage)),
      handler: 'index.handler',
      role: this.role,
      environment: { ...(props.environment as Record<string, string>) },
      memorySize:
        settings.memoryMib === 'imaging'
          ? foundation.config.imagingMemoryMib
          : (settings.memoryMib ?? DEFAULT_MEMORY_MIB),
      timeout: stageTimeout(stage),
      tracing: Tracing.ACTIVE,
      logGroup,
      ...(this.deadLetters ? { deadLetterQueue: this.deadLetters.queue, retryAttempts: 2 } : {}),
    });
    if (settings.alarm) this.ringWhenFailing(props);
    this.acknowledgeFindings(settings);
  }

  private ringWhenFailing({ stage, foundation }: StageFunctionProps<S>): void {
    new FailureAlarm(this, 'Errors', {
      metric: this.function.metricErrors({ period: Duration.minutes(5) }),
      threshold: 5,
      meaning: `The stage ${stage} failed five times in five minutes.`,
      runbookSection: 'stage-failures',
      runbookUrl: foundation.config.runbookUrl,
      topic: foundation.alarmTopic,
    });
  }

  private acknowledgeFindings(settings: StageSettings): void {
    acknowledge(
      this.function,
      COMPLIANCE_PACKS,
      'LambdaConcurrency',
      'a new account has no concurrency to reserve; load is bounded by queue and map concurrency',
    );
    acknowledge(
      this.function,
      COMPLIANCE_PACKS,
      'LambdaInsideVPC',
      'talks to AWS services and the hospital XNAT over TLS only; a VPC would add a NAT gateway that costs when idle',
    );
    acknowledge(this.role, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
    acknowledge(
      this,
      ['Serverless'],
      'LambdaEventSourceMappingDestination',
      'the queue itself puts what failed into its dead letter queue',
    );
    acknowledge(
      this.function,
      ['Serverless'],
      'LambdaAsyncFailureDestination',
      settings.asynchronous ? 'failures go to the dead letter queue' : WAITED_FOR,
    );
    if (!settings.asynchronous) {
      acknowledge(this.function, [...COMPLIANCE_PACKS, 'Serverless'], 'LambdaDLQ', WAITED_FOR);
    }
  }
}

const WAITED_FOR = 'its caller waits for the answer and handles the failure';

/** Why a role's permissions are an inline policy. */
export const ROLE_POLICY_REASON =
  'the policy belongs to this one role, is made and deleted with it, and must not be attached elsewhere';

/** Timeout of a stage's function; state machines and queues allow a little more than that. */
export function stageTimeout(stage: LambdaStage): Duration {
  return Duration.seconds(STAGE_SETTINGS[stage].timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS);
}

function grantStage(role: Role, foundation: Foundation, settings: StageSettings): void {
  grantTracing(role);
  if (settings.records || settings.objects) grantDataKey(role, foundation);
  if (settings.records) grantRecords(role, foundation, settings.records);
  if (settings.objects) grantObjects(role, foundation, settings.objects);
  if (settings.archives) grantArchives(role, foundation);
  if (settings.jobs) grantJobs(role, settings.jobs);
  if (settings.putEvents) grantPutEvents(role);
}
