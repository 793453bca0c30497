import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  type CfnStage,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge, COMPLIANCE_PACKS } from './acknowledge.ts';
import { FailureAlarm } from './failure-alarm.ts';
import type { Foundation } from './foundation.ts';
import type { UserDirectory } from './user-directory.ts';

export interface PipelineApiProps {
  readonly foundation: Foundation;
  readonly users: UserDirectory;
  readonly serveApi: IFunction;
  readonly receiveWebhook: IFunction;
}

/** Steady and peak requests per second of all callers together. */
const THROTTLE = { rateLimit: 50, burstLimit: 200 };

/** One line per request: who and what by id, how it ended; no address, query or body. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  user: '$context.authorizer.claims.username',
  error: '$context.error.message',
});

/** The HTTP API: everything below `/v1` needs a token of the user directory, except the webhook, which is signed. */
export class PipelineApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: PipelineApiProps) {
    super(scope, id);
    const { users, foundation } = props;
    this.api = new HttpApi(this, 'Api', {
      apiName: 'contourflow',
      description: 'Contourflow API, version 1',
      createDefaultStage: false,
    });
    const routes = this.api.addRoutes({
      path: '/v1/{proxy+}',
      methods: [HttpMethod.ANY],
      integration: new HttpLambdaIntegration('ServeApi', props.serveApi),
      authorizer: new HttpUserPoolAuthorizer('Users', users.pool, { userPoolClients: [users.client] }),
    });
    const webhook = this.api.addRoutes({
      path: '/v1/webhooks/{archive}',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('ReceiveWebhook', props.receiveWebhook),
      authorizer: new HttpNoneAuthorizer(),
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
    });
    this.logAccess(stage, foundation);
    this.ringOnServerErrors(foundation);
    for (const route of [...routes, ...webhook]) stage.node.addDependency(route);
    for (const route of webhook) {
      acknowledge(
        route,
        ['AwsSolutions'],
        'APIG4',
        'the sender signs the body; the function verifies it first of all',
      );
    }
    for (const rule of ['APIGWSSLEnabled', 'APIGWXrayEnabled', 'APIGWCacheEnabledAndEncrypted']) {
      acknowledge(this.api, COMPLIANCE_PACKS, rule, 'a feature of REST APIs');
    }
  }

  /** A function that answers 5xx has not failed for Lambda, so only the API sees it. */
  private ringOnServerErrors({ config, alarmTopic }: Foundation): void {
    new FailureAlarm(this, 'ServerErrors', {
      metric: this.api.metricServerError({ period: Duration.minutes(5) }),
      threshold: 5,
      meaning: 'The API answered 5xx five times in five minutes.',
      runbookSection: 'stage-failures',
      runbookUrl: config.runbookUrl,
      topic: alarmTopic,
    });
  }

  private logAccess(stage: HttpStage, { config, key }: Foundation): void {
    const logGroup = new LogGroup(this, 'AccessLogs', {
      logGroupName: `/aws/vendedlogs/apis/${Stack.of(this).stackName.toLowerCase()}`,
      retention: config.logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    (stage.node.defaultChild as CfnStage).accessLogSettings = {
      destinationArn: logGroup.logGroupArn,
      format: ACCESS_LOG_FORMAT,
    };
  }
}
