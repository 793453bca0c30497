import { join } from 'node:path';
import { DescribeExecutionCommand, paginateGetExecutionHistory, SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, paginateListQueues, SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig } from '../../local/machine/aws-clients.ts';
import { LOCAL_ARCHIVE_ID } from '../../local/machine/connect-archive.ts';
import { tailOf } from '../../local/machine/run-command.ts';
import { listAll } from '../../src/cli/list-options.ts';
import { sessionRecordId, UPLOAD_ARCHIVE_ID } from '../../src/contracts/identifiers.ts';
import { deployedRecords, deployedValue, preparationsOf } from './deployed.ts';
import { FOLDER, type Machine } from './machine.ts';
import type { TestProject } from './project.ts';

const LOG_LINES = 60;
const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/** Why a session has not the case that a test waits for: everything on its way from the event to the case. */
export async function explainSession(project: TestProject, session: string): Promise<string> {
  const parts = [
    section('cases of the session', casesOf(project, session)),
    section('its record', recordsOf(project, session)),
    section('its executions', executionsOf(project, session)),
    section('queues: visible, in work, delayed', queues(project)),
  ];
  const log = tailOf(join(FOLDER.logs, 'emulator.log'), LOG_LINES);
  return [...(await Promise.all(parts)), log].join('\n');
}

/** One part that cannot be told must not hide the others. */
async function section(title: string, lines: Promise<string[]>): Promise<string> {
  const told = await lines.catch((error: unknown) => [`could not be read: ${String(error)}`]);
  return [`${title}:`, ...(told.length > 0 ? told : ['none']).map((line) => `  ${line}`)].join('\n');
}

async function casesOf({ id, member }: TestProject, session: string): Promise<string[]> {
  const all = await listAll({ limit: '1000' }, (query) => member.call('listCases', { project: id }, query));
  const ours = all.filter((one) => one.session === session);
  return ours.map((one) => `${one.id.slice(0, 12)} ${one.state} ${JSON.stringify(one.problem)}`);
}

async function recordsOf(project: TestProject, session: string): Promise<string[]> {
  const records = await deployedRecords(project);
  const found = [LOCAL_ARCHIVE_ID, UPLOAD_ARCHIVE_ID].map((archiveId) =>
    records.get('session', project.id, sessionRecordId(archiveId, session)),
  );
  return (await Promise.all(found)).flatMap((record) => (record ? [JSON.stringify(record)] : []));
}

async function executionsOf(project: TestProject, session: string): Promise<string[]> {
  const client = new SFNClient(clientConfig(project.machine));
  const machineArn = await deployedValue(project, 'prepareSessionArn');
  const lists = [LOCAL_ARCHIVE_ID, UPLOAD_ARCHIVE_ID].map((archiveId) =>
    preparationsOf(project, { archiveId, project: project.id, session }),
  );
  const told = (await Promise.all(lists)).flat().map(async ({ name }) => {
    const executionArn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const { status, error, cause, startDate, stopDate } = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    const times = `${startDate?.toISOString()} to ${stopDate?.toISOString() ?? 'now'}`;
    const at = `in ${await lastState(client, executionArn)}`;
    return [name, status, times, at, error, cause].filter((part) => part !== undefined).join(' ');
  });
  return Promise.all(told);
}

async function lastState(client: SFNClient, executionArn: string): Promise<string> {
  const pages = paginateGetExecutionHistory({ client }, { executionArn, reverseOrder: true });
  for await (const { events = [] } of pages) {
    const entered = events.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails !== undefined);
    if (entered) return entered.stateEnteredEventDetails?.name ?? '';
  }
  return 'no state';
}

/** Those that hold something. */
async function queues({ machine }: Machine): Promise<string[]> {
  const client = new SQSClient(clientConfig(machine));
  const lines: string[] = [];
  for await (const { QueueUrls = [] } of paginateListQueues({ client }, {})) {
    for (const QueueUrl of QueueUrls) {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] }),
      );
      const counts = COUNTS.map((name) => Attributes[name] ?? '0');
      if (counts.some((count) => count !== '0'))
        lines.push(`${QueueUrl.split('/').at(-1)} ${counts.join(', ')}`);
    }
  }
  return lines;
}
