import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchClient, DescribeComputeEnvironmentsCommand } from '@aws-sdk/client-batch';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, GetDashboardCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { alarmsToExplain, consoleLinks } from '../../../scripts/smoke/account.ts';
import {
  bootstrapLeftovers,
  isBootstrapped,
  remainsText,
  removeBootstrap,
} from '../../../scripts/smoke/bootstrap.ts';
import { findProblems, STACKS, type Template } from '../../../scripts/smoke/check-assembly.ts';
import { findLeftovers } from '../../../scripts/smoke/leftovers.ts';

const alarm = {
  Type: 'AWS::CloudWatch::Alarm',
  Properties: { AlarmDescription: 'https://example.org/runbook' },
};
const stacksWith = (resources: Template['resources']): Template[] =>
  STACKS.map((stack, at) => ({ stack, resources: at === 0 ? { Alarm: alarm, ...resources } : {} }));

describe('findProblems', () => {
  it('finds nothing in stacks that leave nothing behind', () => {
    expect(
      findProblems(stacksWith({ Table: { Type: 'AWS::DynamoDB::Table', DeletionPolicy: 'Delete' } })),
    ).toEqual([]);
  });

  it.each([
    ['a retained bucket', { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' }, 'would stay'],
    ['a NAT gateway', { Type: 'AWS::EC2::NatGateway' }, 'costs money while nothing happens'],
    [
      'a warm compute environment',
      { Type: 'AWS::Batch::ComputeEnvironment', Properties: { ComputeResources: { MinvCpus: 2 } } },
      'costs money while nothing happens',
    ],
    ['an alarm without a page', { Type: 'AWS::CloudWatch::Alarm' }, 'names no runbook page'],
    [
      'a GPU job',
      {
        Type: 'AWS::Batch::JobDefinition',
        Properties: { ResourceRequirements: [{ Type: 'GPU', Value: '1' }] },
      },
      'asks for a GPU',
    ],
  ])('finds %s', (_, resource, words) => {
    const problems = findProblems(stacksWith({ It: resource }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(words);
  });

  it('finds a missing stack', () => {
    expect(findProblems(stacksWith({}).slice(0, -1))).toEqual([
      'the stack Contourflow-Operations is missing',
    ]);
  });
});

describe('findLeftovers', () => {
  const began = new Date('2026-11-23T10:00:00Z');
  const later = new Date('2026-11-23T11:00:00Z');

  function account() {
    const mocks = {
      cloudFormation: mockClient(CloudFormationClient),
      lambda: mockClient(LambdaClient),
      batch: mockClient(BatchClient),
      s3: mockClient(S3Client),
      dynamo: mockClient(DynamoDBClient),
    };
    mocks.cloudFormation.on(ListStacksCommand).resolves({ StackSummaries: [] });
    mocks.lambda.on(ListFunctionsCommand).resolves({ Functions: [{ FunctionName: 'somebody-elses' }] });
    mocks.batch.on(DescribeComputeEnvironmentsCommand).resolves({ computeEnvironments: [] });
    mocks.s3.on(ListBucketsCommand).resolves({ Buckets: [{ Name: 'holiday-pictures' }] });
    mocks.dynamo.on(ListTablesCommand).resolves({ TableNames: [] });
    const region = 'eu-central-1';
    const clients = {
      cloudFormation: new CloudFormationClient({ region }),
      lambda: new LambdaClient({ region }),
      batch: new BatchClient({ region }),
      s3: new S3Client({ region }),
      dynamo: new DynamoDBClient({ region }),
    };
    return { mocks, clients };
  }

  it('finds nothing in an account that holds only what others made', async () => {
    expect(await findLeftovers(account().clients, began)).toEqual([]);
  });

  it('finds a stack that did not go, a resource that its deletion skipped and a bucket of ours', async () => {
    const { mocks, clients } = account();
    mocks.cloudFormation.on(ListStacksCommand).resolves({
      StackSummaries: [
        { StackName: 'Contourflow-Api', StackStatus: 'DELETE_FAILED', CreationTime: began },
        {
          StackName: 'Contourflow-Storage',
          StackId: 'storage',
          StackStatus: 'DELETE_COMPLETE',
          CreationTime: began,
          DeletionTime: later,
        },
      ],
    });
    mocks.cloudFormation.on(ListStackResourcesCommand).resolves({
      StackResourceSummaries: [
        {
          LogicalResourceId: 'K',
          ResourceType: 'AWS::KMS::Key',
          PhysicalResourceId: 'key-1',
          ResourceStatus: 'DELETE_SKIPPED',
          LastUpdatedTimestamp: later,
        },
      ],
    });
    mocks.s3.on(ListBucketsCommand).resolves({ Buckets: [{ Name: 'contourflow-storage-databucket-1' }] });
    expect(await findLeftovers(clients, began)).toEqual([
      'stack Contourflow-Api is DELETE_FAILED',
      'AWS::KMS::Key key-1 was left by the deletion of its stack',
      'bucket contourflow-storage-databucket-1',
    ]);
  });
});

describe('the alarms and the dashboard', () => {
  const region = 'eu-central-1';
  const url = 'see https://example.org/runbook';

  it.each([
    ['there is none', [], ['no alarm has a name that begins with Contourflow-']],
    [
      'one rings',
      [{ AlarmName: 'Contourflow-A', StateValue: 'ALARM', AlarmDescription: url }],
      ['Contourflow-A is in alarm'],
    ],
    [
      'one has no page',
      [{ AlarmName: 'Contourflow-A', StateValue: 'OK' }],
      ['Contourflow-A names no runbook page'],
    ],
    ['all are quiet', [{ AlarmName: 'Contourflow-A', StateValue: 'OK', AlarmDescription: url }], []],
  ])('say of alarms when %s', async (_, alarms, problems) => {
    mockClient(CloudWatchClient)
      .on(DescribeAlarmsCommand)
      .resolves({ MetricAlarms: alarms as never });
    expect(await alarmsToExplain(region)).toEqual(problems);
  });

  it('are looked up by the name that the stack gives the dashboard', async () => {
    const names = ['prepare-session', 'save-dataset', 'train-model', 'release-model'];
    mockClient(SSMClient)
      .on(GetParametersCommand)
      .callsFake(({ Names }) => ({ Parameters: Names.map((Name: string) => ({ Name, Value: Name })) }));
    mockClient(SFNClient)
      .on(DescribeStateMachineCommand)
      .callsFake(({ stateMachineArn }) => ({ name: names.find((name) => stateMachineArn.includes(name)) }));
    const cloudWatch = mockClient(CloudWatchClient);
    cloudWatch
      .on(GetDashboardCommand)
      .rejects(new Error('Dashboard contourflow-eu-central-1 does not exist'));
    await expect(consoleLinks(region)).rejects.toThrow('Dashboard contourflow-eu-central-1 does not exist');
    cloudWatch.on(GetDashboardCommand, { DashboardName: 'contourflow-eu-central-1' }).resolves({});
    expect(Object.keys(await consoleLinks(region)).sort()).toEqual(
      [...names, 'contourflow-eu-central-1'].sort(),
    );
  });
});

describe('the bootstrap', () => {
  const region = 'eu-central-1';
  const bucket = `cdk-hnb659fds-assets-1234-${region}`;
  const absent = new Error('Stack with id CDKToolkit does not exist');

  function place() {
    const cloudFormation = mockClient(CloudFormationClient);
    const s3 = mockClient(S3Client);
    const clients = { cloudFormation: new CloudFormationClient({ region }), s3: new S3Client({ region }) };
    return { cloudFormation, s3, place: { id: '1234', region, clients } };
  }

  it('is there when its stack is', async () => {
    const { cloudFormation, place: at } = place();
    cloudFormation.on(DescribeStacksCommand).rejects(absent);
    expect(await isBootstrapped(at.clients.cloudFormation)).toBe(false);
    cloudFormation.on(DescribeStacksCommand).resolves({ Stacks: [{ StackName: 'CDKToolkit' } as never] });
    expect(await isBootstrapped(at.clients.cloudFormation)).toBe(true);
    cloudFormation.on(DescribeStacksCommand).rejects(new Error('AccessDenied'));
    await expect(isBootstrapped(at.clients.cloudFormation)).rejects.toThrow('AccessDenied');
  });

  it('goes with every version in its bucket', async () => {
    const { cloudFormation, s3, place: at } = place();
    const version = { Key: 'asset.zip', VersionId: 'v1' };
    cloudFormation.on(DescribeStacksCommand).rejects(Object.assign(absent, { name: 'ValidationError' }));
    s3.on(ListBucketsCommand).resolves({ Buckets: [{ Name: `${bucket}-of-others` }, { Name: bucket }] });
    s3.on(ListObjectVersionsCommand)
      .resolvesOnce({ Versions: [version] })
      .resolves({});
    s3.on(DeleteObjectsCommand).resolves({});
    await removeBootstrap(at);
    expect(s3.commandCalls(DeleteObjectsCommand)[0]?.args[0].input.Delete?.Objects).toEqual([version]);
    expect(cloudFormation.commandCalls(DeleteStackCommand)).toHaveLength(1);
    expect(s3.commandCalls(DeleteBucketCommand)[0]?.args[0].input).toEqual({ Bucket: bucket });
    expect(await bootstrapLeftovers(at)).toEqual([`bucket ${bucket}, made by this run's cdk bootstrap`]);
  });

  it('says which objects cannot be deleted', async () => {
    const { s3, place: at } = place();
    s3.on(ListBucketsCommand).resolves({ Buckets: [{ Name: bucket }] });
    s3.on(ListObjectVersionsCommand).resolves({ Versions: [{ Key: 'a', VersionId: 'v1' }] });
    s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'a', Code: 'AccessDenied', Message: 'locked' }] });
    await expect(removeBootstrap(at)).rejects.toMatchObject({
      details: { problems: ['a: AccessDenied: locked'] },
    });
  });

  it('of others stays, and the last line says so', () => {
    expect(remainsText(true)).toContain(
      'CDKToolkit with its bucket of assets and its repository) was there before',
    );
    expect(remainsText(false)).toContain('the CDK bootstrap that this run made is gone, too');
  });
});

describe('npm run smoke:aws -- --dry-run', () => {
  it('shows every step, checks the templates and needs no account', () => {
    const root = join(import.meta.dirname, '../../..');
    const script = join(root, 'scripts/smoke-aws.ts');
    const home = mkdtempSync(join(tmpdir(), 'contourflow-smoke-'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--dry-run'], {
      cwd: root,
      encoding: 'utf8',
      // No credentials, no region, and nowhere to look for them.
      env: { PATH: process.env.PATH, HOME: home, AWS_EC2_METADATA_DISABLED: 'true' },
    });
    rmSync(home, { recursive: true });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => /^ ?\d+ {2}\S/.test(line))).toHaveLength(10);
    expect(stdout).toMatch(/cdk destroy --all, also when a step before failed/);
    expect(stdout).toMatch(/The templates are fit for the smoke test. No AWS call was made.\n$/);
  }, 240_000);
});
