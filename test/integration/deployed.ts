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

/** A session as its executions and jobs are named. */
export interface SessionKey {
  readonly archiveId: string;
  readonly project: string;
  readonly session: string;
}

/** Executions of prepare-session for one session, in no particular order. */
export async function preparationsOf(machine: Machine, key: SessionKey): Promise<Execution[]> {
  const prefix = executionPrefix(key);
  return (await allPreparations(machine)).filter(({ name }) => name.startsWith(prefix));
}

/** `<digest>-` of `<digest>-g<generation>-a<attempt>`. */
function executionPrefix({ archiveId, project, session }: SessionKey): string {
  const digest = createHash('sha256').update(`${archiveId}/${project}/${session}`).digest('hex');
  return `${digest.slice(0, 32)}-`;
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

/** Which stages of a session succeeded as jobs of the stage runner, over all its executions, in alphabetical order. */
export async function stageJobsOf(machine: Machine, key: SessionKey): Promise<string[]> {
  const client = new BatchClient(clientConfig(machine.machine));
  const jobQueue = await deployedValue(machine, 'stageQueueArn');
  const prefix = `-${executionPrefix(key)}`;
  const stages = new Set<string>();
  for await (const { jobSummaryList = [] } of paginateListJobs(
    { client },
    { jobQueue, jobStatus: 'SUCCEEDED' },
  )) {
    // A job is named `<stage>-<execution>`.
    for (const { jobName = '' } of jobSummaryList) {
      const at = jobName.indexOf(prefix);
      if (at > 0) stages.add(jobName.slice(0, at));
    }
  }
  return [...stages].toSorted();
}
