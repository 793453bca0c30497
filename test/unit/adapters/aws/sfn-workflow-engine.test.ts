import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createSfnWorkflowEngine } from '../../../../src/adapters/aws/sfn-workflow-engine.ts';

const sfn = mockClient(SFNClient);
const client = new SFNClient({ region: 'eu-west-1' });
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:prepare';
const EXECUTION = 'arn:aws:states:eu-west-1:123456789012:execution:prepare:e1';
const engine = createSfnWorkflowEngine({ client, machineArns: { 'prepare-session': MACHINE } });
const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
const unknown = new ExecutionDoesNotExist({ message: 'none', $metadata: {} });

beforeEach(() => {
  sfn.reset();
});

describe('starting an execution', () => {
  it('hands the input over as JSON', async () => {
    sfn
      .on(StartExecutionCommand, { stateMachineArn: MACHINE, name: 'e1', input: '{"project":"p"}' })
      .resolves({ executionArn: EXECUTION, startDate: new Date() });
    expect(await engine.start('prepare-session', 'e1', { project: 'p' })).toEqual({
      executionArn: EXECUTION,
      startedNow: true,
    });
  });

  it('works out the ARN when the answer lacks it', async () => {
    sfn.on(StartExecutionCommand).resolves({});
    expect(await engine.start('prepare-session', 'e1', {})).toEqual({
      executionArn: EXECUTION,
      startedNow: true,
    });
  });

  it('takes a finished execution of the same name as the same success', async () => {
    sfn.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ message: 'exists', $metadata: {} }));
    expect(await engine.start('prepare-session', 'e1', {})).toEqual({
      executionArn: EXECUTION,
      startedNow: false,
    });
  });

  it('knows a running execution of the same name by its start date', async () => {
    sfn
      .on(StartExecutionCommand)
      .resolves({ executionArn: EXECUTION, startDate: new Date(Date.now() - 60_000) });
    expect(await engine.start('prepare-session', 'e1', {})).toMatchObject({ startedNow: false });
  });

  it('passes throttling on', async () => {
    sfn.on(StartExecutionCommand).rejects(throttled);
    await expect(engine.start('prepare-session', 'e1', {})).rejects.toBe(throttled);
  });

  it('names the machines it knows when asked for another', () => {
    expect(() => engine.arnOf('train-model', 'e1')).toThrow(
      expect.objectContaining({
        code: 'ConfigurationError',
        message: expect.stringMatching(/"train-model".*prepare-session/),
      }),
    );
    expect(() => engine.arnOf('constructor', 'e1')).toThrow(/not given the state machine/);
    expect(() => createSfnWorkflowEngine({ client, machineArns: {} }).arnOf('train-model', 'e1')).toThrow(
      /only none/,
    );
  });
});

describe('a known execution', () => {
  it('has an ARN that follows from machine and name', () => {
    expect(engine.arnOf('prepare-session', 'e1')).toBe(EXECUTION);
  });

  it('is stopped with a cause that Step Functions accepts', async () => {
    sfn.on(StopExecutionCommand).resolves({});
    await engine.stop(EXECUTION, 'x'.repeat(40_000));
    expect(sfn.commandCalls(StopExecutionCommand)[0]?.args[0].input).toEqual({
      executionArn: EXECUTION,
      error: 'Stopped',
      cause: 'x'.repeat(32_768),
    });
  });

  it('may be gone already when it is to be stopped; other failures count', async () => {
    sfn.on(StopExecutionCommand).rejectsOnce(unknown).rejects(throttled);
    await expect(engine.stop(EXECUTION, 'enough')).resolves.toBeUndefined();
    await expect(engine.stop(EXECUTION, 'enough')).rejects.toBe(throttled);
  });

  it('is described with its outcome', async () => {
    sfn.on(DescribeExecutionCommand, { executionArn: EXECUTION }).resolves({
      status: 'FAILED',
      error: 'NoContours',
      cause: '{}',
      output: '{"a":1}',
      startDate: new Date('2026-01-01T00:00:00.000Z'),
      stopDate: new Date('2026-01-01T00:01:00.000Z'),
    });
    expect(await engine.describe(EXECUTION)).toEqual({
      status: 'FAILED',
      error: 'NoContours',
      cause: '{}',
      output: '{"a":1}',
      startedAt: '2026-01-01T00:00:00.000Z',
      stoppedAt: '2026-01-01T00:01:00.000Z',
    });
  });

  it('has no outcome while it runs', async () => {
    sfn.on(DescribeExecutionCommand).resolves({});
    expect(await engine.describe(EXECUTION)).toEqual({
      status: 'RUNNING',
      error: null,
      cause: null,
      output: null,
      startedAt: '1970-01-01T00:00:00.000Z',
      stoppedAt: null,
    });
  });

  it('has failed when it waits for a redrive', async () => {
    sfn.on(DescribeExecutionCommand).resolves({ status: 'PENDING_REDRIVE' });
    expect(await engine.describe(EXECUTION)).toMatchObject({ status: 'FAILED' });
  });

  it('is null when there is none; other failures are no answer', async () => {
    sfn.on(DescribeExecutionCommand).rejectsOnce(unknown).rejects(throttled);
    expect(await engine.describe(EXECUTION)).toBeNull();
    await expect(engine.describe(EXECUTION)).rejects.toBe(throttled);
  });
});
