import { type Duration, Size } from 'aws-cdk-lib';
import {
  Action,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  LinuxParameters,
  Reason,
  RetryStrategy,
} from 'aws-cdk-lib/aws-batch';
import { ContainerImage, LogDriver } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards, COMPLIANCE_PACKS } from './acknowledge.ts';
import { ROLE_POLICY_REASON } from './stage-function.ts';

/** Exit code of a job that saved its state after SIGTERM and wants to go on elsewhere. */
export const EXIT_RESUMABLE = 75;

/** Exit code of a job that was killed outright: its process, or the host under it, is gone. */
const EXIT_KILLED = 137;

/** How the container agent's reason begins when a job used more memory than it asked for. */
const OUT_OF_MEMORY = 'OutOfMemoryError*';

/**
 * A lost Spot host, a job that saved itself on SIGTERM or was killed before it could, and an image that could not be
 * pulled are tried again. The first rule that matches counts: want of memory also ends with the code of a killed job,
 * and would come again in every attempt. Without the last rule Batch would retry every failure, a mistyped parameter
 * included.
 */
const RETRY_STRATEGIES = [
  RetryStrategy.of(Action.RETRY, Reason.SPOT_INSTANCE_RECLAIMED),
  RetryStrategy.of(Action.RETRY, Reason.custom({ onExitCode: String(EXIT_RESUMABLE) })),
  RetryStrategy.of(Action.EXIT, Reason.custom({ onReason: OUT_OF_MEMORY })),
  RetryStrategy.of(Action.RETRY, Reason.custom({ onExitCode: String(EXIT_KILLED) })),
  RetryStrategy.of(Action.RETRY, Reason.CANNOT_PULL_CONTAINER),
  RetryStrategy.of(Action.EXIT, Reason.custom({ onReason: '*' })),
];

export interface JobDefinitionProps {
  readonly image: { readonly uri: string; readonly repositoryArn: string };
  readonly command: readonly string[];
  /** Defaults of the parameters behind `Ref::name` in the command. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly broker: IFunction;
  readonly logGroup: ILogGroup;
  readonly timeout: Duration;
}

/**
 * A kind of Batch job. Its role can do one thing: ask the broker for credentials of its run, because the role is
 * fixed here while the data it may touch differs from run to run.
 */
export class JobDefinition extends Construct {
  readonly definition: EcsJobDefinition;
  readonly jobRole: Role;

  constructor(scope: Construct, id: string, props: JobDefinitionProps) {
    super(scope, id);
    this.jobRole = new Role(this, 'JobRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: 'Contourflow job: asks the credentials broker and can do nothing else',
    });
    this.jobRole.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [props.broker.functionArn],
      }),
    );
    const executionRole = this.createExecutionRole(props);
    this.definition = new EcsJobDefinition(this, 'Definition', {
      parameters: { ...props.parameters },
      retryAttempts: 5,
      retryStrategies: RETRY_STRATEGIES,
      timeout: props.timeout,
      container: new EcsEc2ContainerDefinition(this, 'Container', {
        image: ContainerImage.fromRegistry(props.image.uri),
        command: [...props.command],
        cpu: props.vcpus,
        memory: Size.mebibytes(props.memoryMib),
        environment: { CONTOURFLOW_BROKER_FUNCTION: props.broker.functionName },
        jobRole: this.jobRole,
        executionRole,
        logging: LogDriver.awsLogs({ logGroup: props.logGroup, streamPrefix: 'job' }),
        // PyTorch's loaders hand tensors over in /dev/shm; the container default of 64 MiB is too small.
        linuxParameters: new LinuxParameters(this, 'Linux', {
          sharedMemorySize: Size.mebibytes(Math.floor(props.memoryMib / 4)),
          initProcessEnabled: false,
        }),
      }),
    });
    for (const role of [this.jobRole, executionRole]) {
      acknowledge(role, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
    }
  }

  /** The role by which the agent pulls the image and writes the log. */
  private createExecutionRole({ image, logGroup }: JobDefinitionProps): Role {
    const role = new Role(this, 'ExecutionRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: 'Contourflow job: pulls its image and writes its log',
    });
    role.addToPolicy(new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }));
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
        resources: [image.repositoryArn],
      }),
    );
    logGroup.grantWrite(role);
    acknowledgeWildcards(role, ['*'], 'ecr:GetAuthorizationToken supports no resource-level permission');
    acknowledgeWildcards(
      role,
      [image.repositoryArn],
      'an image given by its address may lie in any repository',
    );
    return role;
  }
}
