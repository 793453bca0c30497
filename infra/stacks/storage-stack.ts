import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { AccessLogBucket, DataBucket } from '../constructs/data-bucket.ts';
import { DataKey } from '../constructs/data-key.ts';
import { publishParameter } from '../constructs/parameter.ts';
import { PipelineTable } from '../constructs/pipeline-table.ts';
import type { DeploymentProps } from '../deployment-props.ts';

/** What must outlive everything else: key, bucket, table, and the topic that every alarm rings. Stateful. */
export class StorageStack extends Stack {
  constructor(scope: Construct, id: string, { config }: DeploymentProps) {
    super(scope, id, {
      description: 'Contourflow: key, data bucket, table, alarm topic (stateful)',
      terminationProtection: config.retainData,
    });
    const removalPolicy = config.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const { key } = new DataKey(this, 'DataKey', removalPolicy);
    const { bucket: accessLogs } = new AccessLogBucket(this, 'AccessLogs', removalPolicy);
    const { bucket } = new DataBucket(this, 'Data', { key, accessLogs, removalPolicy });
    const { table } = new PipelineTable(this, 'Records', {
      key,
      removalPolicy,
      deletionProtection: config.retainData,
    });
    const alarmTopic = new Topic(this, 'Alarms', {
      displayName: 'Contourflow alarms',
      masterKey: key,
      enforceSSL: true,
    });
    if (config.alarmEmail) alarmTopic.addSubscription(new EmailSubscription(config.alarmEmail));

    publishParameter(this, 'dataBucket', bucket.bucketName);
    publishParameter(this, 'table', table.tableName);
    publishParameter(this, 'dataKeyArn', key.keyArn);
    publishParameter(this, 'alarmTopicArn', alarmTopic.topicArn);
  }
}
