import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { PipelineError } from '../../contracts/errors.ts';
import type { StateMachineName } from '../../contracts/stage-names.ts';
import type { WorkflowEngine } from '../../ports/index.ts';

const MAX_CAUSE_LENGTH = 32_768;
/** `startDate` of an execution that this call started lies after this call began, clock differences aside. */
const CLOCK_TOLERANCE_MS = 2_000;

export type MachineArns = Partial<Record<StateMachineName, string>>;

/** Step Functions. Starting a name that exists already is the same success: an event is only a hint. */
export function createSfnWorkflowEngine(options: {
  client: SFNClient;
  machineArns: MachineArns;
}): WorkflowEngine {
  const { client, machineArns } = options;
  return {
    start: (machine, name, input) => startExecution(client, requireArn(machineArns, machine), name, input),
    async stop(executionArn, reason) {
      const command = new StopExecutionCommand({
        executionArn,
        error: 'Stopped',
        cause: reason.slice(0, MAX_CAUSE_LENGTH),
      });
      try {
        await client.send(command);
      } catch (error) {
        if (!(error instanceof ExecutionDoesNotExist)) throw error;
      }
    },
    describe: (executionArn) => describeExecution(client, executionArn),
    arnOf: (machine, name) => executionArnOf(requireArn(machineArns, machine), name),
  };
}

/** `arn:...:stateMachine:<machine>` and a name -> `arn:...:execution:<machine>:<name>`. */
export function executionArnOf(machineArn: string, name: string): string {
  return `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

async function startExecution(
  client: SFNClient,
  stateMachineArn: string,
  name: string,
  input: unknown,
): Promise<{ executionArn: string; startedNow: boolean }> {
  const began = Date.now();
  try {
    const { executionArn = executionArnOf(stateMachineArn, name), startDate } = await client.send(
      new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
    );
    // A running execution of the same name and input answers like a fresh start, with its own start date.
    const startedNow = startDate === undefined || startDate.getTime() >= began - CLOCK_TOLERANCE_MS;
    return { executionArn, startedNow };
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
    return { executionArn: executionArnOf(stateMachineArn, name), startedNow: false };
  }
}

async function describeExecution(
  client: SFNClient,
  executionArn: string,
): ReturnType<WorkflowEngine['describe']> {
  try {
    const found = await client.send(new DescribeExecutionCommand({ executionArn }));
    return {
      status: settledStatus(found.status),
      error: found.error ?? null,
      cause: found.cause ?? null,
      output: found.output ?? null,
      startedAt: (found.startDate ?? new Date(0)).toISOString(),
      stoppedAt: found.stopDate?.toISOString() ?? null,
    };
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return null;
    throw error;
  }
}

/** An execution that waits for a redrive has failed, as far as anybody who waits for it is concerned. */
function settledStatus(status: DescribeExecutionCommandOutput['status']) {
  if (status === undefined) return 'RUNNING';
  return status === 'PENDING_REDRIVE' ? 'FAILED' : status;
}

function requireArn(arns: MachineArns, machine: string): string {
  const arn = Object.entries(arns).find(([name]) => name === machine)?.[1];
  if (arn) return arn;
  throw new PipelineError(
    'ConfigurationError',
    `this function was not given the state machine "${machine}", only ${Object.keys(arns).join(', ') || 'none'}`,
  );
}
