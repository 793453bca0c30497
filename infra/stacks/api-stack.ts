import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { writeHostPrices } from '../../src/contracts/host-prices.ts';
import { ADMIN_GROUP } from '../../src/contracts/parameters.ts';
import { trainingHostPrices } from '../config.ts';
import { archiveNames } from '../constructs/archive-names.ts';
import { Foundation } from '../constructs/foundation.ts';
import { grantReadLogs, grantSendMessages, grantWorkflows } from '../constructs/grants.ts';
import { PipelineApi } from '../constructs/http-api.ts';
import { publishParameter, readParameter } from '../constructs/parameter.ts';
import { StageFunction } from '../constructs/stage-function.ts';
import { UserDirectory } from '../constructs/user-directory.ts';
import { WebDistribution } from '../constructs/web-distribution.ts';
import type { DeploymentProps } from '../deployment-props.ts';

/** What people and XNAT talk to: users, API, webhook, and the one origin that the browser sees. */
export class ApiStack extends Stack {
  private readonly foundation: Foundation;
  private readonly hints: { readonly url: string; readonly arn: string };

  constructor(scope: Construct, id: string, props: DeploymentProps) {
    super(scope, id, { description: 'Contourflow: users, HTTP API, webhook, distribution' });
    const { config } = props;
    const removalPolicy = config.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.foundation = new Foundation(this, 'Foundation', props);
    this.hints = { url: readParameter(this, 'hintQueueUrl'), arn: readParameter(this, 'hintQueueArn') };
    const users = new UserDirectory(this, 'Users', {
      removalPolicy,
      deletionProtection: config.retainData,
    });
    const { api } = new PipelineApi(this, 'Api', {
      foundation: this.foundation,
      users,
      serveApi: this.createServeApi().function,
      receiveWebhook: this.createReceiveWebhook().function,
    });
    const web = new WebDistribution(this, 'Web', { apiId: api.apiId, removalPolicy });

    publishParameter(this, 'apiId', api.apiId);
    publishParameter(this, 'apiUrl', api.apiEndpoint);
    publishParameter(this, 'userPoolId', users.pool.userPoolId);
    publishParameter(this, 'userPoolClientId', users.client.userPoolClientId);
    publishParameter(this, 'webBucket', web.bucket.bucketName);
    publishParameter(this, 'webUrl', `https://${web.distribution.distributionDomainName}`);
  }

  private createServeApi(): StageFunction<'serve-api'> {
    const { foundation, hints } = this;
    const machines = {
      CONTOURFLOW_SAVE_DATASET_ARN: readParameter(this, 'saveDatasetArn'),
      CONTOURFLOW_TRAIN_MODEL_ARN: readParameter(this, 'trainModelArn'),
      CONTOURFLOW_RELEASE_MODEL_ARN: readParameter(this, 'releaseModelArn'),
    };
    const jobLogGroup = readParameter(this, 'jobLogGroup');
    const stage = new StageFunction(this, {
      stage: 'serve-api',
      foundation,
      environment: {
        CONTOURFLOW_TABLE: foundation.tableName,
        CONTOURFLOW_BUCKET: foundation.bucketName,
        CONTOURFLOW_HINT_QUEUE_URL: hints.url,
        CONTOURFLOW_JOB_LOG_GROUP: jobLogGroup,
        CONTOURFLOW_ADMIN_GROUP: ADMIN_GROUP,
        CONTOURFLOW_TRAINING_HOSTS: writeHostPrices(trainingHostPrices(foundation.config.training)),
        ...archiveNames(),
        ...machines,
      },
    });
    grantSendMessages(stage.role, hints.arn);
    grantWorkflows(stage.role, { start: Object.values(machines), steer: Object.values(machines) });
    grantReadLogs(stage.role, jobLogGroup);
    return stage;
  }

  private createReceiveWebhook(): StageFunction<'receive-webhook'> {
    const { foundation, hints } = this;
    const stage = new StageFunction(this, {
      stage: 'receive-webhook',
      foundation,
      environment: {
        CONTOURFLOW_TABLE: foundation.tableName,
        CONTOURFLOW_HINT_QUEUE_URL: hints.url,
        ...archiveNames(),
      },
    });
    grantSendMessages(stage.role, hints.arn);
    return stage;
  }
}
