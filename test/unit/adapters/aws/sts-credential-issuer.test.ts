import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import {
  createStsCredentialIssuer,
  sessionPolicy,
} from '../../../../src/adapters/aws/sts-credential-issuer.ts';
import { brokerCredentials } from '../../../../src/pipeline/broker-credentials.ts';

const sts = mockClient(STSClient);
const issuer = createStsCredentialIssuer({
  client: new STSClient({ region: 'eu-west-1' }),
  roleArn: 'arn:aws-cn:iam::123456789012:role/job-data',
  bucket: 'data',
});
const SCOPE = {
  sessionName: 'job-1',
  readPrefixes: ['projects/p/blobs/', 'projects/p/runs/r/'],
  writePrefixes: ['projects/p/runs/r/'],
};
const CREDENTIALS = {
  AccessKeyId: 'id',
  SecretAccessKey: 'secret',
  SessionToken: 'token',
  Expiration: new Date('2026-01-01T01:00:00.000Z'),
};

beforeEach(() => {
  sts.reset();
});

describe('session policy of a job', () => {
  it('is this, word for word', () => {
    expect(sessionPolicy({ bucket: 'data', partition: 'aws' }, SCOPE)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:GetObject'],
          Resource: ['arn:aws:s3:::data/projects/p/blobs/*', 'arn:aws:s3:::data/projects/p/runs/r/*'],
        },
        {
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:PutObjectTagging', 's3:AbortMultipartUpload'],
          Resource: ['arn:aws:s3:::data/projects/p/runs/r/*'],
        },
        {
          Effect: 'Allow',
          Action: ['s3:ListBucket'],
          Resource: ['arn:aws:s3:::data'],
          Condition: { StringLike: { 's3:prefix': ['projects/p/blobs/*', 'projects/p/runs/r/*'] } },
        },
        {
          Effect: 'Allow',
          Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
          Resource: ['*'],
        },
      ],
    });
  });

  it.each([
    { stage: 'build-mask' },
    { action: 'train', runId: 'r'.repeat(64) },
    { action: 'export', runId: 'e'.repeat(64) },
  ])('fits into the 2,048 characters of STS with the longest ids: %j', async (parameters) => {
    const job = { status: 'RUNNING', parameters: { project: 'p'.repeat(64), ...parameters } };
    const { readPrefixes, writePrefixes } = await brokerCredentials(
      { schemaVersion: 1, jobId: 'j' },
      'data',
      {
        jobs: { describe: async () => job as never, terminate: async () => undefined },
        credentials: { issue: async () => ({}) as never },
      },
    );
    const policy = sessionPolicy(
      { bucket: 'b'.repeat(63), partition: 'aws' },
      { readPrefixes, writePrefixes },
    );
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(2048);
  });
});

describe('issuing credentials', () => {
  it('assumes the role for an hour under the session policy', async () => {
    sts.on(AssumeRoleCommand).resolves({ Credentials: CREDENTIALS });
    expect(await issuer.issue(SCOPE)).toEqual({
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      sessionToken: 'token',
      expiration: '2026-01-01T01:00:00.000Z',
    });
    expect(sts.commandCalls(AssumeRoleCommand)[0]?.args[0].input).toEqual({
      RoleArn: 'arn:aws-cn:iam::123456789012:role/job-data',
      RoleSessionName: 'job-1',
      DurationSeconds: 3600,
      Policy: JSON.stringify(sessionPolicy({ bucket: 'data', partition: 'aws-cn' }, SCOPE)),
    });
  });

  it('makes a session name that STS accepts', async () => {
    sts.on(AssumeRoleCommand).resolves({ Credentials: CREDENTIALS });
    await issuer.issue({ ...SCOPE, sessionName: `job/${'ü'.repeat(3)}${'x'.repeat(100)}` });
    expect(sts.commandCalls(AssumeRoleCommand)[0]?.args[0].input.RoleSessionName).toBe(
      `job----${'x'.repeat(57)}`,
    );
  });

  it('speaks of the partition "aws" when the role has none', async () => {
    sts.on(AssumeRoleCommand).resolves({ Credentials: CREDENTIALS });
    const client = new STSClient({ region: 'eu-west-1' });
    await createStsCredentialIssuer({ client, roleArn: 'role', bucket: 'data' }).issue(SCOPE);
    expect(sts.commandCalls(AssumeRoleCommand)[0]?.args[0].input.Policy).toContain('arn:aws:s3:::data/');
  });

  it.each(['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'])(
    'does not hand out credentials without %s',
    async (name) => {
      sts.on(AssumeRoleCommand).resolves({ Credentials: { ...CREDENTIALS, [name]: undefined } });
      await expect(issuer.issue(SCOPE)).rejects.toMatchObject({ code: 'UpstreamError', retryable: true });
    },
  );

  it('hands out none when STS gave none, or refused', async () => {
    sts
      .on(AssumeRoleCommand)
      .resolvesOnce({})
      .rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    await expect(issuer.issue(SCOPE)).rejects.toMatchObject({ code: 'UpstreamError' });
    await expect(issuer.issue(SCOPE)).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
