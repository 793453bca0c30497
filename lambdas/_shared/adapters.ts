import { createArchiveSecrets } from '../../src/adapters/aws/archive-secrets.ts';
import { createBatchJobQueue } from '../../src/adapters/aws/batch-job-queue.ts';
import { createCloudWatchLogReader } from '../../src/adapters/aws/cloudwatch-log-reader.ts';
import { createConfiguredArchives } from '../../src/adapters/aws/configured-archives.ts';
import { createDynamoRecordStore } from '../../src/adapters/aws/dynamo/record-store.ts';
import { createEventBridgePublisher } from '../../src/adapters/aws/eventbridge-publisher.ts';
import { nodeHasher } from '../../src/adapters/aws/node-hasher.ts';
import { createS3ObjectStore } from '../../src/adapters/aws/s3-object-store.ts';
import { createSfnWorkflowEngine } from '../../src/adapters/aws/sfn-workflow-engine.ts';
import { createSqsHintQueue } from '../../src/adapters/aws/sqs-hint-queue.ts';
import { createStsCredentialIssuer } from '../../src/adapters/aws/sts-credential-issuer.ts';
import { systemClock } from '../../src/adapters/aws/system-clock.ts';
import { createTimeSortableIds } from '../../src/adapters/aws/time-sortable-ids.ts';
import { createXnatArchive } from '../../src/adapters/xnat/create-xnat-archive.ts';
import { readHostPrices } from '../../src/contracts/host-prices.ts';
import * as clients from './clients.ts';

/**
 * Ports made from a function's environment. Each function takes the variables it needs and nothing more, and only
 * what a handler calls for ends up in its bundle.
 */
export const clock = systemClock;
export const hasher = nodeHasher;
export const ids = () => createTimeSortableIds(systemClock);

export const records = (env: { CONTOURFLOW_TABLE: string }) =>
  createDynamoRecordStore({ client: clients.documentClient(), tableName: env.CONTOURFLOW_TABLE, clock });

export const objects = (env: { CONTOURFLOW_BUCKET: string }) =>
  createS3ObjectStore({ client: clients.s3Client(), bucket: env.CONTOURFLOW_BUCKET, hasher });

export const hints = (env: { CONTOURFLOW_HINT_QUEUE_URL: string }) =>
  createSqsHintQueue({ client: clients.sqsClient(), queueUrl: env.CONTOURFLOW_HINT_QUEUE_URL });

/** State machines that the environment names; starting another is a ConfigurationError. */
export const workflows = (env: {
  CONTOURFLOW_PREPARE_SESSION_ARN?: string;
  CONTOURFLOW_SAVE_DATASET_ARN?: string;
  CONTOURFLOW_TRAIN_MODEL_ARN?: string;
  CONTOURFLOW_RELEASE_MODEL_ARN?: string;
}) => {
  const arns = {
    'prepare-session': env.CONTOURFLOW_PREPARE_SESSION_ARN,
    'save-dataset': env.CONTOURFLOW_SAVE_DATASET_ARN,
    'train-model': env.CONTOURFLOW_TRAIN_MODEL_ARN,
    'release-model': env.CONTOURFLOW_RELEASE_MODEL_ARN,
  };
  const machineArns = Object.fromEntries(Object.entries(arns).filter(([, arn]) => arn !== undefined));
  return createSfnWorkflowEngine({ client: clients.sfnClient(), machineArns });
};

export const jobs = () => createBatchJobQueue({ client: clients.batchClient() });
export const trainingHosts = (env: { CONTOURFLOW_TRAINING_HOSTS: string }) =>
  readHostPrices(env.CONTOURFLOW_TRAINING_HOSTS);
export const events = () => createEventBridgePublisher({ client: clients.eventBridgeClient() });
export const logs = (env: { CONTOURFLOW_JOB_LOG_GROUP: string }) =>
  createCloudWatchLogReader({ client: clients.logsClient(), logGroup: env.CONTOURFLOW_JOB_LOG_GROUP });

export const secrets = (env: { CONTOURFLOW_ARCHIVE_SECRETS: string }) =>
  createArchiveSecrets({ client: clients.secretsClient(), prefix: env.CONTOURFLOW_ARCHIVE_SECRETS, clock });

export const archives = (env: {
  CONTOURFLOW_ARCHIVE_PARAMETERS: string;
  CONTOURFLOW_ARCHIVE_SECRETS: string;
}) =>
  createConfiguredArchives({
    client: clients.ssmClient(),
    path: env.CONTOURFLOW_ARCHIVE_PARAMETERS,
    secrets: secrets(env),
    openArchive: createXnatArchive,
  });

export const credentials = (env: { CONTOURFLOW_JOB_DATA_ROLE_ARN: string; CONTOURFLOW_BUCKET: string }) =>
  createStsCredentialIssuer({
    client: clients.stsClient(),
    roleArn: env.CONTOURFLOW_JOB_DATA_ROLE_ARN,
    bucket: env.CONTOURFLOW_BUCKET,
  });
