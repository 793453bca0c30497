import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { TABLE } from '../../src/contracts/table.ts';
import { synthesise } from '../helpers/synthesise.ts';

const { Storage: template } = synthesise('aws', { alarmEmail: 'ops@example.org' });

const { Storage: disposable } = synthesise('aws', { retainData: false });

describe('storage stack', () => {
  it('encrypts, versions and closes the data bucket, and tells EventBridge what arrives', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          Match.objectLike({ ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }) }),
        ],
      },
    });
  });

  it('refuses plain HTTP on every bucket', () => {
    const buckets = Object.keys(template.findResources('AWS::S3::Bucket'));
    const policies = template.findResources('AWS::S3::BucketPolicy', {
      Properties: {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      },
    });
    expect(Object.keys(policies)).toHaveLength(buckets.length);
  });

  it('expires uploads by prefix and working files by tag, and nothing else', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({ Prefix: 'incoming/', ExpirationInDays: 14 }),
          Match.objectLike({ TagFilters: [{ Key: 'expires', Value: 'work' }], ExpirationInDays: 30 }),
          Match.objectLike({ ExpirationInDays: Match.absent() }),
        ],
      },
    });
  });

  it('keeps bucket, table and key when the stack is deleted, unless told otherwise', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key']) {
      template.allResources(type, { DeletionPolicy: 'Retain' });
      disposable.allResources(type, { DeletionPolicy: 'Delete' });
    }
  });

  it('makes the table with the keys and indexes of the contract, recoverable and with a lifetime', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
        { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: TABLE.ttl, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      GlobalSecondaryIndexes: [TABLE.index1, TABLE.index2].map(({ name, partitionKey, sortKey }) =>
        Match.objectLike({
          IndexName: name,
          KeySchema: [
            { AttributeName: partitionKey, KeyType: 'HASH' },
            { AttributeName: sortKey, KeyType: 'RANGE' },
          ],
        }),
      ),
    });
  });

  it('opens the key to services of this account only', () => {
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    const statements = key?.Properties.KeyPolicy.Statement as {
      Principal: Record<string, unknown>;
      Condition?: unknown;
    }[];
    for (const { Principal, Condition } of statements) {
      expect(Object.keys(Principal)).toHaveLength(1);
      if ('Service' in Principal)
        expect(JSON.stringify(Condition)).toMatch(/SourceAccount|EncryptionContext/);
    }
  });

  it('sends alarms to the address of the configuration', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Endpoint: 'ops@example.org',
      Protocol: 'email',
    });
  });
});
