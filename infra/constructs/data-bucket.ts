import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, COMPLIANCE_PACKS } from './acknowledge.ts';

export interface DataBucketProps {
  readonly key: IKey;
  readonly accessLogs: IBucket;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Expiry by prefix and tag.
 *
 * `incoming/` is a prefix of its own. The working files of an execution lie at `projects/<project>/work/`, and a
 * lifecycle rule cannot hold a wildcard; so whoever writes them tags them `expires=work`, and the rule selects the
 * tag. A file that was not tagged stays: an expiry must never hit by mistake what must be kept.
 */
const LIFECYCLE: LifecycleRule[] = [
  {
    id: 'expire-uploads',
    prefix: 'incoming/',
    expiration: Duration.days(14),
    noncurrentVersionExpiration: Duration.days(1),
  },
  {
    id: 'expire-working-files',
    tagFilters: { expires: 'work' },
    expiration: Duration.days(30),
    noncurrentVersionExpiration: Duration.days(1),
  },
  {
    id: 'tidy',
    abortIncompleteMultipartUploadAfter: Duration.days(3),
    expiredObjectDeleteMarker: true,
    noncurrentVersionExpiration: Duration.days(90),
  },
];

/** All bytes of all projects: encrypted, versioned, over TLS only, never public; says through EventBridge what arrives. */
export class DataBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { key, accessLogs, removalPolicy }: DataBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      versioned: true,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'data/',
      lifecycleRules: LIFECYCLE,
      removalPolicy,
    });
    // `eventBridgeEnabled` would add a function that sets what CloudFormation can set itself.
    (this.bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    acknowledge(
      this.bucket,
      COMPLIANCE_PACKS,
      'S3BucketReplicationEnabled',
      'a copy in a second region doubles storage and moves health data; versions and point-in-time recovery guard it here',
    );
  }
}

/** Access logs of buckets and of the distribution. */
export class AccessLogBucket extends Construct {
  readonly bucket: IBucket;

  /** @param objectOwnership - CloudFront delivers with an ACL, S3 does not. */
  constructor(
    scope: Construct,
    id: string,
    removalPolicy: RemovalPolicy,
    objectOwnership = ObjectOwnership.BUCKET_OWNER_ENFORCED,
  ) {
    super(scope, id);
    // The CDK's classes declare optional members more loosely than its interfaces, which our compiler minds.
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership,
      lifecycleRules: [{ id: 'expire-logs', expiration: Duration.days(365) }],
      removalPolicy,
    }) as IBucket;
    for (const [rule, reason] of [
      ['S3BucketReplicationEnabled', 'access logs are kept for a year and need no second copy'],
      ['S3BucketVersioningEnabled', 'log objects are written once by AWS and never replaced'],
      ['S3DefaultEncryptionKMS', 'log delivery supports keys of S3 only'],
      ['S3BucketLoggingEnabled', 'logging the log bucket would feed on itself'],
    ] as const) {
      acknowledge(this.bucket, COMPLIANCE_PACKS, rule, reason);
    }
    acknowledge(this.bucket, ['AwsSolutions'], 'S1', 'logging the log bucket would feed on itself');
  }
}
