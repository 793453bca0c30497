import { join } from 'node:path';
import { Duration, Fn, IgnoreMode, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ArnPrincipal, type CfnRole, PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards, COMPLIANCE_PACKS } from '../constructs/acknowledge.ts';
import { Foundation } from '../constructs/foundation.ts';
import { grantAssumeRole } from '../constructs/grants.ts';
import { ImageBuilder } from '../constructs/image-builder.ts';
import { JobDefinition } from '../constructs/job-definition.ts';
import { BuiltImage, type BuiltImageProps, existingImage, type JobImage } from '../constructs/job-image.ts';
import { publishParameter } from '../constructs/parameter.ts';
import { PublicNetwork } from '../constructs/public-network.ts';
import { ROLE_POLICY_REASON, StageFunction } from '../constructs/stage-function.ts';
import { TrainingQueues } from '../constructs/training-queues.ts';
import { Workflow } from '../constructs/workflow.ts';
import type { DeploymentProps } from '../deployment-props.ts';
import { OBJECT_PATTERNS } from '../object-patterns.ts';

/** Index of the PyTorch builds for the NVIDIA driver of the job hosts' image. */
const TORCH_INDEX_GPU = 'https://download.pytorch.org/whl/cu130';
/** Longest a job may run when its run asks for nothing shorter. */
const LONGEST_JOB = Duration.days(30);

/** Training, evaluation and export: hosts, jobs, the credentials broker, and the two machines that use them. */
export class TrainingStack extends Stack {
  private readonly foundation: Foundation;
  private readonly zones: number;

  constructor(scope: Construct, id: string, props: DeploymentProps) {
    super(scope, id, {
      description: 'Contourflow: job queues, job definitions, credentials broker, train-model, release-model',
    });
    this.zones = props.config.availabilityZones;
    const foundation = new Foundation(this, 'Foundation', props);
    this.foundation = foundation;
    const queues = new TrainingQueues(this, 'Queues', {
      config: props.config,
      vpc: new PublicNetwork(this, 'Network', foundation).vpc,
    });
    const jobLogs = new LogGroup(this, 'JobLogs', {
      retention: props.config.logRetentionDays,
      encryptionKey: foundation.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const broker = this.createBroker();
    const images = createImages(this, foundation, props.root);
    const trainer = this.createTrainerJob(images.trainer, broker, jobLogs);
    const stageRunner = this.createStageRunnerJob(images.stageRunner, broker, jobLogs);
    const jobs = {
      queueArns: [queues.training.jobQueueArn],
      definitionArns: [trainer.definition.jobDefinitionArn],
    };
    const trainModel = this.createTrainModel(props.root, jobs);
    const releaseModel = this.createReleaseModel(props.root, jobs);

    publishParameter(this, 'trainModelArn', trainModel.stateMachine.stateMachineArn);
    publishParameter(this, 'releaseModelArn', releaseModel.stateMachine.stateMachineArn);
    publishParameter(this, 'jobQueueArn', queues.training.jobQueueArn);
    publishParameter(this, 'stageQueueArn', queues.stages.jobQueueArn);
    publishParameter(this, 'stageJobDefinitionArn', stageRunner.definition.jobDefinitionArn);
    publishParameter(this, 'jobLogGroup', jobLogs.logGroupName);
    publishParameter(this, 'brokerFunctionArn', broker.function.functionArn);
  }

  /** Zones by number, asked of CloudFormation: a look-up would tie the synthesis to an account. */
  override get availabilityZones(): string[] {
    return Array.from({ length: this.zones }, (_, i) => Fn.select(i, Fn.getAzs()));
  }

  /** The broker hands each job credentials of the data role, cut down to the prefixes of its run. */
  private createBroker(): StageFunction<'broker-credentials'> {
    const { foundation } = this;
    const dataRole = new Role(this, 'JobDataRole', {
      // Set to the broker below; a role cannot be made before it knows whom it trusts.
      assumedBy: new ArnPrincipal(`arn:aws:iam::${this.account}:root`),
      description: 'Contourflow: data of jobs; the broker assumes it with a session policy for one run',
      maxSessionDuration: Duration.hours(1),
    });
    const broker = new StageFunction(this, {
      stage: 'broker-credentials',
      foundation,
      environment: {
        CONTOURFLOW_BUCKET: foundation.bucketName,
        CONTOURFLOW_JOB_DATA_ROLE_ARN: dataRole.roleArn,
      },
    });
    grantAssumeRole(broker.role, dataRole.roleArn);
    trustOnly(dataRole, broker.role);
    const objects = `${foundation.bucketArn}/${OBJECT_PATTERNS.projects}`;
    dataRole.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject', 's3:PutObjectTagging', 's3:AbortMultipartUpload'],
        resources: [objects],
      }),
    );
    dataRole.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [foundation.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': [OBJECT_PATTERNS.projects] } },
      }),
    );
    dataRole.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [foundation.key.keyArn],
        // The session policy has no room for it: only what S3 asks of the key on the job's behalf.
        conditions: { StringEquals: { 'kms:ViaService': `s3.${this.region}.amazonaws.com` } },
      }),
    );
    acknowledgeWildcards(
      dataRole,
      [objects],
      'the upper bound; each session is cut down to the prefixes of one run',
    );
    acknowledge(dataRole, COMPLIANCE_PACKS, 'IAMNoInlinePolicy', ROLE_POLICY_REASON);
    return broker;
  }

  private createTrainerJob(
    image: JobImage,
    broker: StageFunction<'broker-credentials'>,
    logGroup: LogGroup,
  ): JobDefinition {
    const { training } = this.foundation.config;
    return new JobDefinition(this, 'Trainer', {
      image,
      command: ['python', '-m', 'contourflow_trainer', 'Ref::action', '--spec', 'Ref::specKey'],
      // `project` and `runId` are not in the command: they tell the broker whose data the job may touch.
      parameters: { action: 'train', specKey: 'none', project: 'none', runId: 'none' },
      vcpus: training.jobVcpus,
      memoryMib: training.jobMemoryMib,
      broker: broker.function,
      logGroup,
      timeout: LONGEST_JOB,
    });
  }

  private createStageRunnerJob(
    image: JobImage,
    broker: StageFunction<'broker-credentials'>,
    logGroup: LogGroup,
  ): JobDefinition {
    return new JobDefinition(this, 'StageRunner', {
      image,
      command: [
        'node',
        'src/cli/main.ts',
        'run-stage',
        'Ref::stage',
        '--input',
        'Ref::inputKey',
        '--output',
        'Ref::outputKey',
      ],
      parameters: { stage: 'none', inputKey: 'none', outputKey: 'none', project: 'none' },
      vcpus: 4,
      memoryMib: 15_000,
      broker: broker.function,
      logGroup,
      timeout: Duration.hours(2),
    });
  }

  private createTrainModel(root: string, jobs: { queueArns: string[]; definitionArns: string[] }): Workflow {
    const { foundation } = this;
    const { training } = foundation.config;
    const data = { CONTOURFLOW_TABLE: foundation.tableName, CONTOURFLOW_BUCKET: foundation.bucketName };
    const stages = [
      new StageFunction(this, {
        stage: 'plan-run',
        foundation,
        environment: {
          ...data,
          CONTOURFLOW_JOB_QUEUE_ARN: jobs.queueArns[0] as string,
          CONTOURFLOW_JOB_VCPUS: String(training.jobVcpus),
          CONTOURFLOW_JOB_MEMORY_MIB: String(training.jobMemoryMib),
          CONTOURFLOW_JOB_GPUS: String(training.jobGpus),
        },
      }),
      new StageFunction(this, { stage: 'collect-results', foundation, environment: data }),
      new StageFunction(this, { stage: 'notify-run', foundation, environment: data }),
    ];
    return new Workflow(this, {
      machine: 'train-model',
      root,
      foundation,
      stages,
      jobs,
      substitutions: { TrainerJobDefinitionArn: jobs.definitionArns[0] as string },
    });
  }

  private createReleaseModel(
    root: string,
    jobs: { queueArns: string[]; definitionArns: string[] },
  ): Workflow {
    const { foundation } = this;
    const data = { CONTOURFLOW_TABLE: foundation.tableName, CONTOURFLOW_BUCKET: foundation.bucketName };
    const stages = [
      new StageFunction(this, { stage: 'promote-model', foundation, environment: data }),
      new StageFunction(this, {
        stage: 'plan-export',
        foundation,
        environment: { ...data, CONTOURFLOW_JOB_QUEUE_ARN: jobs.queueArns[0] as string },
      }),
      new StageFunction(this, { stage: 'register-export', foundation, environment: data }),
    ];
    return new Workflow(this, {
      machine: 'release-model',
      root,
      foundation,
      stages,
      jobs,
      substitutions: { TrainerJobDefinitionArn: jobs.definitionArns[0] as string },
    });
  }
}

/** Replaces the trust policy: the broker's role and nobody else. */
function trustOnly(role: Role, trusted: Role): void {
  (role.node.defaultChild as CfnRole).assumeRolePolicyDocument = new PolicyDocument({
    statements: [
      new PolicyStatement({ actions: ['sts:AssumeRole'], principals: [new ArnPrincipal(trusted.roleArn)] }),
    ],
  });
}

/** By address where the configuration gives one; otherwise built from the checkout. */
function createImages(
  scope: Construct,
  foundation: Foundation,
  root: string,
): { trainer: JobImage; stageRunner: JobImage } {
  const { images, training } = foundation.config;
  let builder: ImageBuilder | undefined;
  const build = (id: string, props: Omit<BuiltImageProps, 'builder'>): JobImage => {
    builder ??= new ImageBuilder(scope, 'ImageBuilder', foundation);
    return new BuiltImage(scope, id, { ...props, builder });
  };
  return {
    trainer: images.trainerUri
      ? existingImage(images.trainerUri)
      : build('TrainerImage', {
          source: {
            path: join(root, 'trainer'),
            exclude: ['.venv', 'tests', '**/__pycache__', '.pytest_cache'],
          },
          dockerfile: 'Dockerfile',
          ...(training.cpuOnly ? {} : { buildArguments: { TORCH_INDEX: TORCH_INDEX_GPU } }),
        }),
    stageRunner: images.stageRunnerUri
      ? existingImage(images.stageRunnerUri)
      : build('StageRunnerImage', {
          source: { path: root, exclude: STAGE_RUNNER_SOURCE, ignoreMode: IgnoreMode.DOCKER },
          dockerfile: 'infra/images/stage-runner/Dockerfile',
        }),
  };
}

/** Everything but what the Dockerfile copies. */
const STAGE_RUNNER_SOURCE = [
  '*',
  '!package.json',
  '!package-lock.json',
  '!src',
  '!infra/images/stage-runner',
];
