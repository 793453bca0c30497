import { BatchClient } from '@aws-sdk/client-batch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * SDK clients, one function each, so that a bundle carries only the clients its handler calls for. Throttled calls
 * are repeated with back-off; region and credentials come from the function itself.
 */
const settings = { maxAttempts: 6, retryMode: 'standard' } as const;

export const batchClient = () => new BatchClient(settings);
export const eventBridgeClient = () => new EventBridgeClient(settings);
export const logsClient = () => new CloudWatchLogsClient(settings);
export const secretsClient = () => new SecretsManagerClient(settings);
export const sfnClient = () => new SFNClient(settings);
export const sqsClient = () => new SQSClient(settings);
export const ssmClient = () => new SSMClient(settings);
export const stsClient = () => new STSClient(settings);

/** Checksums are ours (SHA-256 of every object), so the SDK need not add its own. */
export const s3Client = () =>
  new S3Client({
    ...settings,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

export const documentClient = () =>
  DynamoDBDocumentClient.from(new DynamoDBClient(settings), {
    marshallOptions: { removeUndefinedValues: true },
  });
