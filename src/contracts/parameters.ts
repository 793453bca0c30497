/**
 * SSM parameters by which stacks, the CLI and the local machine find each other's resources, instead of
 * CloudFormation exports (which would chain the stacks together).
 */
export const PARAMETERS = {
  dataBucket: '/contourflow/data/bucket',
  table: '/contourflow/data/table',
  dataKeyArn: '/contourflow/data/key-arn',
  alarmTopicArn: '/contourflow/operations/alarm-topic-arn',
  hintQueueUrl: '/contourflow/pipeline/hint-queue-url',
  hintQueueArn: '/contourflow/pipeline/hint-queue-arn',
  prepareSessionArn: '/contourflow/pipeline/prepare-session-arn',
  saveDatasetArn: '/contourflow/pipeline/save-dataset-arn',
  trainModelArn: '/contourflow/training/train-model-arn',
  releaseModelArn: '/contourflow/training/release-model-arn',
  jobQueueArn: '/contourflow/training/job-queue-arn',
  stageQueueArn: '/contourflow/training/stage-queue-arn',
  stageJobDefinitionArn: '/contourflow/training/stage-job-definition-arn',
  jobLogGroup: '/contourflow/training/job-log-group',
  brokerFunctionArn: '/contourflow/training/broker-function-arn',
  trackQueueName: '/contourflow/pipeline/track-queue-name',
  apiId: '/contourflow/api/id',
  apiUrl: '/contourflow/api/url',
  userPoolId: '/contourflow/api/user-pool-id',
  userPoolClientId: '/contourflow/api/user-pool-client-id',
  webBucket: '/contourflow/web/bucket',
  webUrl: '/contourflow/web/url',
  /** Below it, `<archive id>` holds `{"baseUrl": "https://xnat.example.org"}`. */
  archives: '/contourflow/archives',
} as const;

/** Secrets `<prefix><archive id>`: `{"username", "password", "webhookSecret"}`; AWSPREVIOUS counts while rotating. */
export const ARCHIVE_SECRET_PREFIX = 'contourflow/archives/';

export const ADMIN_GROUP = 'admins';
