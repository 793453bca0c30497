import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { PipelineError } from '../../contracts/errors.ts';
import type { CredentialIssuer } from '../../ports/index.ts';

/** A role assumed from another role lasts an hour at most; jobs ask again before that. */
const LIFETIME_SECONDS = 3600;

export interface StsCredentialIssuerOptions {
  readonly client: STSClient;
  readonly roleArn: string;
  readonly bucket: string;
}

/** Credentials of the job data role, narrowed by a session policy to the given prefixes of the data bucket. */
export function createStsCredentialIssuer({
  client,
  roleArn,
  bucket,
}: StsCredentialIssuerOptions): CredentialIssuer {
  const partition = roleArn.split(':')[1] ?? 'aws';
  return {
    async issue(scope) {
      const { Credentials } = await client.send(
        new AssumeRoleCommand({
          RoleArn: roleArn,
          RoleSessionName: sessionName(scope.sessionName),
          DurationSeconds: LIFETIME_SECONDS,
          Policy: JSON.stringify(sessionPolicy({ bucket, partition }, scope)),
        }),
      );
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
      if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
        throw new PipelineError('UpstreamError', 'STS answered without complete credentials; try again');
      }
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        expiration: Expiration.toISOString(),
      };
    },
  };
}

/** What the credentials may do. The role's own policy is the upper bound; this is the run's share of it. */
export function sessionPolicy(
  { bucket, partition }: { bucket: string; partition: string },
  { readPrefixes, writePrefixes }: { readPrefixes: string[]; writePrefixes: string[] },
) {
  const arn = `arn:${partition}:s3:::${bucket}`;
  const below = (prefix: string): string => `${arn}/${prefix}*`;
  const readable = [...new Set([...readPrefixes, ...writePrefixes])];
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: readable.map(below) },
      {
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:PutObjectTagging', 's3:AbortMultipartUpload'],
        Resource: writePrefixes.map(below),
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [arn],
        Condition: { StringLike: { 's3:prefix': readable.map((prefix) => `${prefix}*`) } },
      },
      // Which key is the role's to say; STS takes 2,048 characters of policy, so nothing is said twice.
      { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: ['*'] },
    ],
  };
}

function sessionName(name: string): string {
  return name.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);
}
