import { createHash } from 'node:crypto';
import { BatchClient, paginateListJobs } from '@aws-sdk/client-batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { clientConfig, ssmClient } from '../../local/machine/aws-clients.ts';
import { createDynamoRecordStore } from '../../src/adapters/aws/dynamo/record-store.ts';
import { systemClock } from '../../src/adapters/aws/system-clock.ts';
import { PARAMETERS } from '../../src/contracts/parameters.ts';
import type { RecordStore } from '../../src/ports/index.ts';
import type { Machine } from './machine.ts';

/** What was deployed under a name, as an operator looks it up. */
export async function deployedValue({ machine }: Machine, name: keyof typeof PARAMETERS): Promise<string> {
  const { Parameter } = await ssmClient(machine).send(new GetParameterCommand({ Name: PARAMETERS[name] }));
  if (Parameter?.Value === undefined) throw new Error(`the stacks left no SSM parameter ${PARAMETERS[name]}`);
  return Parameter.Value;
}

/** The deployed table, read past the API. */
export async function deployedRecords(machine: Machine): Promise<RecordStore> {
  const tableName = await deployedValue(machine, 'table');
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientConfig(machine.machine)));
  return createDynamoRecordStore({ client, tableName, clock: systemClock });
}

export interface Execution {
  readonly name: string;
  readonly status: string;
}

/** Executions of prepare-session for one session, in no particular order. */
export async function preparationsOf(
  machine: Machine,
  { archiveId, project, session }: { archiveId: string; project: string; session: string },
): Promise<Execution[]> {
  const digest = createHash('sha256').update(`${archiveId}/${project}/${session}`).digest('hex').slice(0, 32);
  return (await allPreparations(machine)).filter(({ name }) => name.startsWith(`${digest}-`));
}

/** Every execution of prepare-session there ever was. */
export async function allPreparations(machine: Machine): Promise<Execution[]> {
  const client = new SFNClient(clientConfig(machine.machine));
  const stateMachineArn = await deployedValue(machine, 'prepareSessionArn');
  const found: Execution[] = [];
  for await (const { executions = [] } of paginateListExecutions({ client }, { stateMachineArn })) {
    found.push(...executions.map(({ name = '', status = '' }) => ({ name, status })));
  }
  return found;
}

/** Names of the jobs of the stage runner that succeeded. */
export async function succeededStageJobs(machine: Machine): Promise<string[]> {
  const client = new BatchClient(clientConfig(machine.machine));
  const jobQueue = await deployedValue(machine, 'stageQueueArn');
  const names: string[] = [];
  for await (const { jobSummaryList = [] } of paginateListJobs(
    { client },
    { jobQueue, jobStatus: 'SUCCEEDED' },
  )) {
    names.push(...jobSummaryList.map(({ jobName = '' }) => jobName));
  }
  return names;
}
