import { BatchClient, DescribeComputeEnvironmentsCommand } from '@aws-sdk/client-batch';
import {
  CloudFormationClient,
  ListStackResourcesCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
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
