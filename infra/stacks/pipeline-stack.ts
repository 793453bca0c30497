import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import type { StageEnv } from '../../src/contracts/env.ts';
import { writeHostPrices } from '../../src/contracts/host-prices.ts';
import { objectKeys } from '../../src/contracts/object-keys.ts';
import type { LambdaStage } from '../../src/contracts/stage-names.ts';
import { trainingHostPrices } from '../config.ts';
import { archiveNames } from '../constructs/archive-names.ts';
import { DurableQueue } from '../constructs/durable-queue.ts';
import { Foundation } from '../constructs/foundation.ts';
import { grantSendMessages, grantWorkflows } from '../constructs/grants.ts';
import { publishParameter, readParameter } from '../constructs/parameter.ts';
import { StageFunction, stageTimeout } from '../constructs/stage-function.ts';
import { Workflow } from '../constructs/workflow.ts';
import type { DeploymentProps } from '../deployment-props.ts';
import { OBJECT_PATTERNS } from '../object-patterns.ts';

/** How often the archives are looked at for events that were lost. */
const RECONCILE_EVERY = Duration.minutes(15);
/** How often runs, leases and budgets are looked at. */
const SWEEP_EVERY = Duration.minutes(5);

/** From an event to a case, from cases to a dataset, and the state of everything that runs. */
export class PipelineStack extends Stack {
  private readonly foundation: Foundation;
  private readonly machines: { readonly [K in 'prepare' | 'save' | 'train' | 'release']: string };

  constructor(scope: Construct, id: string, props: DeploymentProps) {
    super(scope, id, {
      description: 'Contourflow: events in, prepare-session, save-dataset, state of runs',
    });
    this.foundation = new Foundation(this, 'Foundation', props);
    const hints = this.createQueue('Hints', 'session hints', 'route-event');
    const tracked = this.createQueue('Tracked', 'status events', 'track-run');
    const prepareSession = this.createPrepareSession(props.root);
    const saveDataset = this.createSaveDataset(props.root);
    this.machines = {
      prepare: prepareSession.stateMachine.stateMachineArn,
      save: saveDataset.stateMachine.stateMachineArn,
      train: readParameter(this, 'trainModelArn'),
      release: readParameter(this, 'releaseModelArn'),
    };
    this.routeHints(hints);
    this.sendUploadsTo(hints);
    this.reconcileArchives(hints);
    this.trackRuns(tracked, hints);
    this.sweepRuns(hints);

    publishParameter(this, 'hintQueueUrl', hints.queue.queueUrl);
    publishParameter(this, 'hintQueueArn', hints.queue.queueArn);
    publishParameter(this, 'trackQueueName', tracked.queue.queueName);
    publishParameter(this, 'prepareSessionArn', this.machines.prepare);
    publishParameter(this, 'saveDatasetArn', this.machines.save);
  }

  private createQueue(id: string, holds: string, consumer: LambdaStage): DurableQueue {
    return new DurableQueue(this, id, {
      foundation: this.foundation,
      holds,
      consumerTimeout: stageTimeout(consumer),
    });
  }

  private createPrepareSession(root: string): Workflow {
    const { foundation } = this;
    const table = { CONTOURFLOW_TABLE: foundation.tableName };
    const bucket = { CONTOURFLOW_BUCKET: foundation.bucketName };
    const imaging = (['convert-series', 'build-mask', 'resample-volume', 'certify-case'] as const).map(
      (stage) => new StageFunction(this, { stage, foundation, environment: bucket }),
    );
    const stages = [
      new StageFunction(this, {
        stage: 'fetch-scans',
        foundation,
        environment: { ...table, ...bucket, ...archiveNames() },
      }),
      ...imaging,
      new StageFunction(this, {
        stage: 'publish-resources',
        foundation,
        environment: { ...bucket, ...archiveNames() },
      }),
      new StageFunction(this, { stage: 'register-case', foundation, environment: { ...table, ...bucket } }),
      new StageFunction(this, { stage: 'quarantine-case', foundation, environment: { ...table, ...bucket } }),
      new StageFunction(this, { stage: 'release-session', foundation, environment: table }),
    ];
    const stageQueueArn = readParameter(this, 'stageQueueArn');
    const jobDefinitionArn = readParameter(this, 'stageJobDefinitionArn');
    return new Workflow(this, {
      machine: 'prepare-session',
      root,
      foundation,
      stages,
      jobs: { queueArns: [stageQueueArn], definitionArns: [jobDefinitionArn] },
      exchangeObjects: [OBJECT_PATTERNS.work],
      substitutions: {
        BatchVoxelThreshold: String(foundation.config.batchVoxelThreshold),
        DataBucketName: foundation.bucketName,
        StageQueueArn: stageQueueArn,
        StageRunnerJobDefinitionArn: jobDefinitionArn,
      },
    });
  }

  private createSaveDataset(root: string): Workflow {
    const { foundation } = this;
    const table = { CONTOURFLOW_TABLE: foundation.tableName };
    const bucket = { CONTOURFLOW_BUCKET: foundation.bucketName };
    const stages = [
      ...(['read-catalogue', 'resolve-dataset', 'save-manifest'] as const).map(
        (stage) => new StageFunction(this, { stage, foundation, environment: { ...table, ...bucket } }),
      ),
      new StageFunction(this, { stage: 'freeze-items', foundation, environment: bucket }),
    ];
    return new Workflow(this, { machine: 'save-dataset', root, foundation, stages });
  }

  /** Hint -> one leased execution per session. */
  private routeHints(hints: DurableQueue): void {
    const { foundation } = this;
    const stage = new StageFunction(this, {
      stage: 'route-event',
      foundation,
      environment: {
        CONTOURFLOW_TABLE: foundation.tableName,
        CONTOURFLOW_BUCKET: foundation.bucketName,
        CONTOURFLOW_PREPARE_SESSION_ARN: this.machines.prepare,
      },
    });
    grantWorkflows(stage.role, { start: [this.machines.prepare] });
    stage.function.addEventSource(
      new SqsEventSource(hints.queue, {
        batchSize: 10,
        maxConcurrency: foundation.config.sessionMapConcurrency,
        reportBatchItemFailures: true,
      }),
    );
  }

  /** An upload announces itself by its manifest, which is written last. */
  private sendUploadsTo(hints: DurableQueue): void {
    const rule = new Rule(this, 'UploadCompleted', {
      description: 'The manifest of an upload has been written: a hint for route-event',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [this.foundation.bucketName] },
          object: { key: [{ wildcard: objectKeys.incomingManifest('*', '*') }] },
        },
      },
    });
    rule.addTarget(new SqsQueue(hints.queue, { deadLetterQueue: hints.deadLetters }));
  }

  private reconcileArchives(hints: DurableQueue): void {
    const { foundation } = this;
    const stage = new StageFunction(this, {
      stage: 'reconcile-archive',
      foundation,
      environment: {
        CONTOURFLOW_TABLE: foundation.tableName,
        CONTOURFLOW_HINT_QUEUE_URL: hints.queue.queueUrl,
        ...archiveNames(),
      },
    });
    grantSendMessages(stage.role, hints.queue.queueArn);
    this.schedule(
      'ReconcileSchedule',
      stage,
      RECONCILE_EVERY,
      'Look into the archives for events that were lost',
    );
  }

  /** Status events of our machines and jobs -> the one writer of run states. */
  private trackRuns(tracked: DurableQueue, hints: DurableQueue): void {
    const stage = this.createRunStage('track-run', hints, {});
    stage.function.addEventSource(
      new SqsEventSource(tracked.queue, { batchSize: 10, maxConcurrency: 2, reportBatchItemFailures: true }),
    );
    const jobQueues = [readParameter(this, 'jobQueueArn'), readParameter(this, 'stageQueueArn')];
    const patterns = {
      ExecutionChanged: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: Object.values(this.machines) },
      },
      JobChanged: {
        source: ['aws.batch'],
        detailType: ['Batch Job State Change'],
        detail: { jobQueue: jobQueues },
      },
      JobQueueBlocked: {
        source: ['aws.batch'],
        detailType: ['Batch Job Queue Blocked'],
        detail: { jobQueueArn: jobQueues },
      },
    };
    for (const [id, eventPattern] of Object.entries(patterns)) {
      new Rule(this, id, {
        description: `${eventPattern.detailType[0]}: for track-run`,
        eventPattern,
      }).addTarget(new SqsQueue(tracked.queue, { deadLetterQueue: tracked.deadLetters }));
    }
  }

  /** Repairs what an event did not tell, ends what exceeds its budget. */
  private sweepRuns(hints: DurableQueue): void {
    const stage = this.createRunStage('sweep-runs', hints, {
      CONTOURFLOW_TRAINING_HOSTS: writeHostPrices(trainingHostPrices(this.foundation.config.training)),
    });
    this.schedule('SweepSchedule', stage, SWEEP_EVERY, 'Repair missed events, enforce budgets');
  }

  private createRunStage<S extends 'track-run' | 'sweep-runs'>(
    stage: S,
    hints: DurableQueue,
    own: Omit<StageEnv<S>, keyof StageEnv<'track-run'>>,
  ): StageFunction<LambdaStage> {
    const { foundation, machines } = this;
    const created: StageFunction<LambdaStage> = new StageFunction<'track-run' | 'sweep-runs'>(this, {
      stage,
      foundation,
      environment: {
        ...own,
        CONTOURFLOW_TABLE: foundation.tableName,
        CONTOURFLOW_HINT_QUEUE_URL: hints.queue.queueUrl,
        CONTOURFLOW_PREPARE_SESSION_ARN: machines.prepare,
        CONTOURFLOW_SAVE_DATASET_ARN: machines.save,
        CONTOURFLOW_TRAIN_MODEL_ARN: machines.train,
        CONTOURFLOW_RELEASE_MODEL_ARN: machines.release,
      },
    });
    grantSendMessages(created.role, hints.queue.queueArn);
    // A run whose machine was stopped is started again from its last checkpoint.
    grantWorkflows(created.role, { start: [machines.train], steer: Object.values(machines) });
    return created;
  }

  private schedule(
    id: string,
    stage: StageFunction<LambdaStage>,
    every: Duration,
    description: string,
  ): void {
    const deadLetters = stage.deadLetters?.queue;
    new Rule(this, id, { description, schedule: Schedule.rate(every) }).addTarget(
      new LambdaFunction(stage.function, {
        event: RuleTargetInput.fromObject({}),
        retryAttempts: 2,
        ...(deadLetters ? { deadLetterQueue: deadLetters } : {}),
      }),
    );
  }
}
