import { Aws, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/**
 * The key that encrypts data, records, queues, logs and alarms.
 *
 * Its policy names services and this account, never resources of other stacks, so that those can come and go
 * without a change here. Roles of this account get their share through their own policies.
 */
export class DataKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, removalPolicy: RemovalPolicy) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: 'Contourflow: data, records, queues, logs',
      alias: 'alias/contourflow',
      enableKeyRotation: true,
      removalPolicy,
    });
    // EventBridge and CloudWatch send to encrypted queues and topics.
    for (const service of ['events.amazonaws.com', 'cloudwatch.amazonaws.com', 'sns.amazonaws.com']) {
      this.allow(service, { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } });
    }
    // CloudWatch Logs sends no SourceAccount; its encryption context holds the log group, and so the account.
    this.allow(`logs.${Aws.REGION}.amazonaws.com`, {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:*`,
      },
    });
  }

  private allow(service: string, conditions: Record<string, Record<string, string>>): void {
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
        resources: ['*'],
        conditions,
      }),
    );
  }
}
