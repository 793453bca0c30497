import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { MachineFile } from './machine-file.ts';

type Target = Pick<MachineFile, 'aws'>;

/** How every SDK client of this process reaches the emulator. */
export function clientConfig({ aws }: Target) {
  return {
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: { accessKeyId: aws.accessKeyId, secretAccessKey: aws.secretAccessKey },
    maxAttempts: 5,
  };
}

export const ssmClient = (target: Target): SSMClient => new SSMClient(clientConfig(target));
export const secretsClient = (target: Target): SecretsManagerClient =>
  new SecretsManagerClient(clientConfig(target));
export const cognitoClient = (target: Target): CognitoIdentityProviderClient =>
  new CognitoIdentityProviderClient(clientConfig(target));
export const s3Client = (target: Target): S3Client =>
  new S3Client({ ...clientConfig(target), forcePathStyle: true });
