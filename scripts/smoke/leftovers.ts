import { type BatchClient, paginateDescribeComputeEnvironments } from '@aws-sdk/client-batch';
import {
  type CloudFormationClient,
  paginateListStackResources,
  paginateListStacks,
} from '@aws-sdk/client-cloudformation';
import { type DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { paginateListFunctions } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3';
import { STACKS } from './check-assembly.ts';

export interface Clients {
  readonly cloudFormation: CloudFormationClient;
  readonly lambda: LambdaClient;
  readonly batch: BatchClient;
  readonly s3: S3Client;
  readonly dynamo: DynamoDBClient;
}

const OURS = /^contourflow-/i;

/**
 * What is left in the account after the stacks are deleted: stacks that did not go, resources that their
 * deletion skipped, and anything of ours that a service itself still lists.
 *
 * @param since - only stacks deleted after this moment are read for skipped resources.
 */
export async function findLeftovers(clients: Clients, since: Date): Promise<string[]> {
  const [stacks, functions, environments, buckets, tables] = await Promise.all([
    stackLeftovers(clients.cloudFormation, since),
    namesOf(paginateListFunctions({ client: clients.lambda }, {}), (page) =>
      page.Functions?.map(({ FunctionName }) => FunctionName),
    ),
    namesOf(paginateDescribeComputeEnvironments({ client: clients.batch }, {}), (page) =>
      page.computeEnvironments?.map(({ computeEnvironmentName }) => computeEnvironmentName),
    ),
    clients.s3
      .send(new ListBucketsCommand({}))
      .then(({ Buckets = [] }) => Buckets.map(({ Name }) => Name ?? '')),
    namesOf(paginateListTables({ client: clients.dynamo }, {}), (page) => page.TableNames),
  ]);
  const listed = { function: functions, 'compute environment': environments, bucket: buckets, table: tables };
  const named = Object.entries(listed).flatMap(([kind, names]) =>
    names.filter((name) => OURS.test(name)).map((name) => `${kind} ${name}`),
  );
  return [...stacks, ...named];
}

async function stackLeftovers(client: CloudFormationClient, since: Date): Promise<string[]> {
  const found: string[] = [];
  for await (const { StackSummaries = [] } of paginateListStacks({ client }, {})) {
    for (const { StackName = '', StackId, StackStatus, DeletionTime } of StackSummaries) {
      if (!STACKS.includes(StackName)) continue;
      if (StackStatus !== 'DELETE_COMPLETE') found.push(`stack ${StackName} is ${StackStatus}`);
      else if (StackId !== undefined && DeletionTime !== undefined && DeletionTime >= since) {
        found.push(...(await skippedResources(client, StackId)));
      }
    }
  }
  return found;
}

async function skippedResources(client: CloudFormationClient, stackId: string): Promise<string[]> {
  const resources = await namesOf(paginateListStackResources({ client }, { StackName: stackId }), (page) =>
    page.StackResourceSummaries?.filter(({ ResourceStatus }) => ResourceStatus !== 'DELETE_COMPLETE').map(
      ({ ResourceType, PhysicalResourceId }) => `${ResourceType} ${PhysicalResourceId}`,
    ),
  );
  return resources.map((resource) => `${resource} was left by the deletion of its stack`);
}

async function namesOf<P>(
  pages: AsyncIterable<P>,
  names: (page: P) => (string | undefined)[] | undefined,
): Promise<string[]> {
  const all: string[] = [];
  for await (const page of pages) all.push(...(names(page) ?? []).flatMap((name) => name ?? []));
  return all;
}
