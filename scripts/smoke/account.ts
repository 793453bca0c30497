import { randomBytes } from 'node:crypto';
import { BatchClient } from '@aws-sdk/client-batch';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, GetDashboardCommand, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { signedInAs } from '../../local/demo/people.ts';
import type { ApiClient } from '../../src/cli/api-client.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import { dashboardName } from '../../src/contracts/metrics.ts';
import { ADMIN_GROUP, PARAMETERS } from '../../src/contracts/parameters.ts';
import { STACK_PREFIX } from './check-assembly.ts';
import type { Clients } from './leftovers.ts';

export interface Account {
  readonly id: string;
  readonly region: string;
  readonly clients: Clients;
  readonly s3: S3Client;
}

/** The account that the environment's credentials belong to. */
export async function openAccount(region: string): Promise<Account> {
  const { Account: id = '' } = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
  const s3 = new S3Client({ region });
  const clients = {
    cloudFormation: new CloudFormationClient({ region }),
    lambda: new LambdaClient({ region }),
    batch: new BatchClient({ region }),
    s3,
    dynamo: new DynamoDBClient({ region }),
  };
  return { id, region, clients, s3 };
}

type ParameterName = Exclude<keyof typeof PARAMETERS, 'archives'>;

/** Names and addresses that the stacks left in SSM. */
export async function readParameters<N extends ParameterName>(
  region: string,
  names: readonly N[],
): Promise<Record<N, string>> {
  const Names = names.map((name) => PARAMETERS[name]);
  const { Parameters = [] } = await new SSMClient({ region }).send(new GetParametersCommand({ Names }));
  const entries = names.map((name) => {
    const value = Parameters.find((parameter) => parameter.Name === PARAMETERS[name])?.Value;
    if (value === undefined)
      throw new PipelineError('NotFound', `the SSM parameter ${PARAMETERS[name]} is missing`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries) as Record<N, string>;
}

/** An admin and an owner with random passwords, signed in. */
export async function createSmokeUsers(region: string): Promise<{ admin: ApiClient; owner: ApiClient }> {
  const { userPoolId, userPoolClientId, webUrl } = await readParameters(region, [
    'userPoolId',
    'userPoolClientId',
    'webUrl',
  ]);
  const client = new CognitoIdentityProviderClient({ region });
  const target = { endpoint: `https://cognito-idp.${region}.amazonaws.com/`, clientId: userPoolClientId };
  const create = async (name: string): Promise<ApiClient> => {
    const password = `Cf1-${randomBytes(18).toString('base64url')}`;
    const who = { UserPoolId: userPoolId, Username: name };
    await client.send(
      new AdminCreateUserCommand({ ...who, MessageAction: 'SUPPRESS', TemporaryPassword: password }),
    );
    await client.send(new AdminSetUserPasswordCommand({ ...who, Password: password, Permanent: true }));
    if (name === 'admin')
      await client.send(new AdminAddUserToGroupCommand({ ...who, GroupName: ADMIN_GROUP }));
    return signedInAs(target, webUrl, { name, password });
  };
  return { admin: await create('admin'), owner: await create('owner') };
}

/** That there are no alarms of ours at all, or which of them are in state ALARM or name no runbook page. */
export async function alarmsToExplain(region: string): Promise<string[]> {
  const pages = paginateDescribeAlarms(
    { client: new CloudWatchClient({ region }) },
    { AlarmNamePrefix: STACK_PREFIX },
  );
  const found: string[] = [];
  let alarms = 0;
  for await (const { MetricAlarms = [] } of pages) {
    alarms += MetricAlarms.length;
    for (const { AlarmName, StateValue, AlarmDescription = '' } of MetricAlarms) {
      if (StateValue === 'ALARM') found.push(`${AlarmName} is in alarm`);
      if (!/https?:/.test(AlarmDescription)) found.push(`${AlarmName} names no runbook page`);
    }
  }
  return alarms > 0 ? found : [`no alarm has a name that begins with ${STACK_PREFIX}`];
}

/**
 * Addresses of what an operator opens.
 *
 * @throws what AWS answers for one that is not there, the dashboard included.
 */
export async function consoleLinks(region: string): Promise<Record<string, string>> {
  const machines = await readParameters(region, [
    'prepareSessionArn',
    'saveDatasetArn',
    'trainModelArn',
    'releaseModelArn',
  ]);
  const console = `https://${region}.console.aws.amazon.com`;
  const links: Record<string, string> = {};
  const sfn = new SFNClient({ region });
  for (const stateMachineArn of Object.values(machines)) {
    const { name = '' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    links[name] = `${console}/states/home?region=${region}#/statemachines/view/${stateMachineArn}`;
  }
  const cloudWatch = new CloudWatchClient({ region });
  const name = dashboardName(region);
  await cloudWatch.send(new GetDashboardCommand({ DashboardName: name }));
  links[name] = `${console}/cloudwatch/home?region=${region}#dashboards:name=${name}`;
  return links;
}
