import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { TABLE } from '../../src/contracts/table.ts';
import type { HandlerBundles } from '../bundle-handlers.ts';
import type { DeploymentConfig } from '../config.ts';
import type { DeploymentProps } from '../deployment-props.ts';
import { readParameter } from './parameter.ts';

/**
 * What the storage stack made, as every later stack sees it: names read from SSM and ARNs derived from them.
 * Each is read when it is first asked for, so that a stack depends on no more than it uses.
 */
export class Foundation extends Construct {
  readonly config: DeploymentConfig;
  readonly handlers: HandlerBundles;
  private knownKey: IKey | undefined;
  private knownTopic: ITopic | undefined;

  constructor(scope: Construct, id: string, { config, handlers }: DeploymentProps) {
    super(scope, id);
    this.config = config;
    this.handlers = handlers;
  }

  get bucketName(): string {
    return readParameter(this, 'dataBucket');
  }

  get bucketArn(): string {
    return Stack.of(this).formatArn({
      service: 's3',
      region: '',
      account: '',
      resource: this.bucketName,
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
  }

  get tableName(): string {
    return readParameter(this, 'table');
  }

  get tableArn(): string {
    return Stack.of(this).formatArn({
      service: 'dynamodb',
      resource: 'table',
      resourceName: this.tableName,
    });
  }

  get tableIndexArns(): string[] {
    return [TABLE.index1, TABLE.index2].map(({ name }) => `${this.tableArn}/index/${name}`);
  }

  get key(): IKey {
    this.knownKey ??= Key.fromKeyArn(this, 'DataKey', readParameter(this, 'dataKeyArn'));
    return this.knownKey;
  }

  get alarmTopic(): ITopic {
    this.knownTopic ??= Topic.fromTopicArn(this, 'AlarmTopic', readParameter(this, 'alarmTopicArn'));
    return this.knownTopic;
  }
}
