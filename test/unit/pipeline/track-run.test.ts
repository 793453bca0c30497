import { describe, expect, it } from '@jest/globals';
import type { RunRecord } from '../../../src/contracts/records.ts';
import type { StateMachineName } from '../../../src/contracts/stage-names.ts';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import { preparationInput } from '../../../src/pipeline/start-preparation.ts';
import { sweepRuns } from '../../../src/pipeline/sweep-runs.ts';
import { trackRun } from '../../../src/pipeline/track-run.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { addRun, projectPorts, SPLIT, PROJECT as TRAINING_PROJECT } from '../training/workflow-fixture.ts';
import { hintOf, PROJECT, sessionFixture } from './session-fixture.ts';

const ARN = (machine: string) => `arn:aws:states:eu-west-1:123456789012:stateMachine:${machine}`;
const machineOf = (arn: string) => arn.split(':').at(-1) as StateMachineName;
const STOPPED_AT = Date.parse('2026-01-01T02:00:00Z');

function execution(
  ports: MemoryPorts,
  machine: StateMachineName,
  name: string,
  detail: { status: string; error?: string; cause?: string },
  input: unknown,
) {
  return {
    id: 'e',
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    time: '2026-01-01T02:00:01Z',
    detail: {
      executionArn: ports.workflows.arnOf(machine, name),
      stateMachineArn: ARN(machine),
      name,
      input: JSON.stringify(input),
      stopDate: STOPPED_AT,
      ...detail,
    },
  };
}

function job(status: string, changes: Record<string, unknown> = {}) {
  return {
    id: 'e',
    source: 'aws.batch',
    'detail-type': 'Batch Job State Change',
    time: '2026-01-01T01:00:00Z',
    detail: {
      jobId: 'job-1',
      jobName: 'train-run-1',
      jobQueue: 'q',
      status,
      parameters: { action: 'train', project: TRAINING_PROJECT, runId: 'run-1' },
      attempts: [],
      container: { logStreamName: 'trainer/default/1' },
      ...changes,
    },
  };
}

const RUN_INPUT = { schemaVersion: 1, project: TRAINING_PROJECT, runId: 'run-1' };

async function launched(changes: Partial<RunRecord> = {}): Promise<MemoryPorts> {
  const ports = await projectPorts();
  await addRun(ports, { state: 'queued', ...changes });
  await ports.workflows.start('train-model', 'run-1', RUN_INPUT);
  return ports;
}

async function runAfter(ports: MemoryPorts, ...messages: unknown[]): Promise<RunRecord | undefined> {
  for (const message of messages) await trackRun(message, machineOf, ports);
  return ports.records.all('run')[0];
}

describe('trackRun of a training', () => {
  it('follows the job from waiting to running, then the execution to its end', async () => {
    const ports = await launched();
    expect(await runAfter(ports, job('RUNNABLE'))).toMatchObject({ state: 'waiting', jobStatus: 'RUNNABLE' });
    expect(await runAfter(ports, job('RUNNING'))).toMatchObject({
      state: 'running',
      logStreamName: 'trainer/default/1',
    });
    const end = execution(ports, 'train-model', 'run-1', { status: 'SUCCEEDED' }, RUN_INPUT);
    expect(await runAfter(ports, end)).toMatchObject({
      state: 'succeeded',
      finishedAt: '2026-01-01T02:00:00.000Z',
    });
  });

  it('comes to the same end when events are doubled and late', async () => {
    const ports = await launched();
    const end = execution(
      ports,
      'train-model',
      'run-1',
      { status: 'FAILED', error: 'TrainingFailed', cause: 'no images' },
      RUN_INPUT,
    );
    const after = await runAfter(ports, job('RUNNING'), end, end, job('RUNNABLE'), job('SUCCEEDED'));
    expect(after).toMatchObject({ state: 'failed', reason: 'no images' });
  });

  it('is not led astray by the end of an earlier job', async () => {
    const ports = await launched();
    const after = await runAfter(
      ports,
      job('RUNNING', { jobId: 'job-2' }),
      job('FAILED', { jobId: 'job-1' }),
    );
    expect(after).toMatchObject({ state: 'running', batchJobId: 'job-2' });
  });

  it.each([
    ['CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY', 'No machine of the wanted kind is free'],
    ['MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT', 'cannot provide the machine'],
    [undefined, 'The job queue is blocked'],
  ])('says why a run waits when the queue is blocked by %s', async (statusReason, sentence) => {
    const ports = await launched();
    const blocked = { ...job('RUNNABLE', { statusReason }), 'detail-type': 'Batch Job Queue Blocked' };
    const after = await runAfter(ports, blocked);
    expect(after?.state).toBe('waiting');
    expect(after?.reason).toContain(sentence);
  });

  it('goes on from the last checkpoint when the machine was stopped, three times at most', async () => {
    const ports = await launched();
    const names: string[] = [];
    for (let time = 0; time < 4; time += 1) {
      const running = ports.workflows.executions.at(-1);
      if (!running) throw new Error('nothing runs');
      Object.assign(running, { status: 'ABORTED', error: 'MachineStopped' });
      await runAfter(ports, execution(ports, 'train-model', running.name, { status: 'ABORTED' }, RUN_INPUT));
      names.push(running.name);
    }
    expect(names).toEqual(['run-1', 'run-1-r1', 'run-1-r2', 'run-1-r3']);
    expect(ports.records.all('run')[0]).toMatchObject({ state: 'stopped' });
  });

  it('does not go on with a run that a person stopped', async () => {
    const ports = await launched({ stopRequested: true, reason: 'Stopped by x.' });
    const aborted = execution(
      ports,
      'train-model',
      'run-1',
      { status: 'ABORTED', error: 'MachineStopped' },
      RUN_INPUT,
    );
    expect(await runAfter(ports, aborted)).toMatchObject({ state: 'stopped', reason: 'Stopped by x.' });
    expect(ports.workflows.executions).toHaveLength(1);
  });

  it('hears of the newest execution of a resumed run only', async () => {
    const ports = await launched();
    await ports.records.update('run', TRAINING_PROJECT, 'run-1', (run) => ({
      ...run,
      executionArn: ports.workflows.arnOf('train-model', 'run-1-r1'),
    }));
    const late = execution(ports, 'train-model', 'run-1', { status: 'FAILED' }, RUN_INPUT);
    expect(await runAfter(ports, late)).toMatchObject({ state: 'queued' });
  });

  it('ignores jobs and runs that are not ours, and refuses what is no event', async () => {
    const ports = await launched();
    expect(
      await trackRun(
        job('RUNNING', { parameters: { stage: 'build-mask', project: 'P1' } }),
        machineOf,
        ports,
      ),
    ).toMatchObject({ effect: 'ignored' });
    expect(await trackRun(job('RUNNING', { parameters: null }), machineOf, ports)).toMatchObject({
      effect: 'ignored',
    });
    expect(
      await trackRun(
        job('RUNNING', { parameters: { action: 'export', project: TRAINING_PROJECT, runId: 'run-1' } }),
        machineOf,
        ports,
      ),
    ).toMatchObject({ effect: 'ignored' });
    expect(await trackRun({ ...job('RUNNING'), 'detail-type': 'Other' }, machineOf, ports)).toMatchObject({
      effect: 'ignored',
    });
    expect(
      await trackRun(
        execution(ports, 'train-model', 'x', { status: 'FAILED' }, RUN_INPUT),
        () => null,
        ports,
      ),
    ).toMatchObject({ effect: 'ignored' });
    await expect(trackRun({ hello: 1 }, machineOf, ports)).rejects.toMatchObject({ code: 'MalformedBody' });
    await expect(
      trackRun({ ...job('RUNNING'), detail: { jobId: 1 } }, machineOf, ports),
    ).rejects.toMatchObject({ code: 'MalformedBody' });
  });
});

async function addSave(ports: MemoryPorts): Promise<void> {
  await ports.records.create({
    entity: 'dataset-save',
    project: TRAINING_PROJECT,
    id: 'save-1',
    state: 'running',
    definitionId: 'organs',
    split: SPLIT,
    datasetId: null,
    problem: null,
    requestedBy: 'x',
  });
}

async function addReleases(ports: MemoryPorts): Promise<void> {
  await ports.records.create({
    entity: 'promotion',
    project: TRAINING_PROJECT,
    id: 'promotion-1',
    state: 'running',
    runId: 'run-1',
    checkpointId: 'run-1.best',
    modelId: 'organs',
    modelVersionId: null,
    problem: null,
    requestedBy: 'x',
  });
  await ports.records.create({
    entity: 'export',
    project: TRAINING_PROJECT,
    id: 'export-1',
    state: 'running',
    modelVersionId: 'organs.v1',
    format: 'monai-bundle',
    bundle: null,
    parityMaxDifference: null,
    problem: null,
    requestedBy: 'x',
  });
}

const SAVE_INPUT = {
  schemaVersion: 1,
  project: TRAINING_PROJECT,
  definitionId: 'organs',
  saveId: 'save-1',
  split: SPLIT,
  requestedBy: 'x',
};
const RELEASE_INPUT = {
  schemaVersion: 1,
  project: TRAINING_PROJECT,
  requestedBy: 'x',
  promotion: { promotionId: 'promotion-1', runId: 'run-1', checkpointId: 'run-1.best', modelId: 'organs' },
  export: { exportId: 'export-1', modelVersionId: null },
};

describe('trackRun of other workflows', () => {
  it('marks a failed save with the code and sentence of its failure', async () => {
    const ports = await projectPorts();
    await addSave(ports);
    const cause = JSON.stringify({
      errorType: 'InvalidSplit',
      errorMessage: 'two subjects cannot fill three partitions',
    });
    const failed = execution(
      ports,
      'save-dataset',
      'save-1',
      { status: 'FAILED', error: 'InvalidSplit', cause },
      SAVE_INPUT,
    );
    expect(await trackRun(failed, machineOf, ports)).toMatchObject({ effect: 'marked failed' });
    expect(ports.records.all('dataset-save')[0]).toMatchObject({
      state: 'failed',
      problem: {
        code: 'InvalidSplit',
        message: 'two subjects cannot fill three partitions',
        stage: 'save-dataset',
      },
    });
  });

  it('marks promotion and export of a release that was ended, and leaves finished ones alone', async () => {
    const ports = await projectPorts();
    await addReleases(ports);
    await ports.records.update('promotion', TRAINING_PROJECT, 'promotion-1', (p) => ({
      ...p,
      state: 'succeeded',
    }));
    const ended = execution(ports, 'release-model', 'promotion-1', { status: 'TIMED_OUT' }, RELEASE_INPUT);
    await trackRun(ended, machineOf, ports);
    expect(ports.records.all('promotion')[0]).toMatchObject({ state: 'succeeded' });
    expect(ports.records.all('export')[0]).toMatchObject({
      state: 'failed',
      problem: { code: 'InternalError' },
    });
  });

  it('does nothing about a save that succeeds or is unknown', async () => {
    const ports = await projectPorts();
    for (const status of ['SUCCEEDED', 'FAILED']) {
      await trackRun(execution(ports, 'save-dataset', 'save-1', { status }, SAVE_INPUT), machineOf, ports);
    }
    expect(ports.records.all('dataset-save')).toEqual([]);
  });

  it('puts the session of an aborted preparation back to work, once', async () => {
    const { ports } = await sessionFixture();
    await routeEvent(hintOf('a'), ports);
    const [started] = ports.workflows.executions;
    const aborted = execution(
      ports,
      'prepare-session',
      started?.name ?? '',
      { status: 'ABORTED' },
      started?.input,
    );
    expect(await trackRun(aborted, machineOf, ports)).toMatchObject({ effect: 'hinted' });
    await trackRun(aborted, machineOf, ports);
    for (const { hint } of ports.hints.sent) await routeEvent(hint, ports);
    expect(ports.workflows.executions.map(({ name }) => name.slice(-6))).toEqual(['-g1-a1', '-g1-a2']);
    expect(await trackRun(aborted, machineOf, ports)).toMatchObject({ effect: 'held' });
  });

  it('leaves a session to the next event when its error would come again', async () => {
    const { ports } = await sessionFixture();
    await routeEvent(hintOf('a'), ports);
    const [started] = ports.workflows.executions;
    const failed = { status: 'FAILED', error: 'ArchiveRejected' };
    expect(
      await trackRun(
        execution(ports, 'prepare-session', started?.name ?? '', failed, started?.input),
        machineOf,
        ports,
      ),
    ).toMatchObject({ effect: 'given-up' });
    expect(ports.hints.sent).toEqual([]);
  });
});

describe('sweepRuns', () => {
  it('gives sessions back whose execution ended unheard, and leaves running ones', async () => {
    const { ports } = await sessionFixture();
    await routeEvent(hintOf('a'), ports);
    expect(await sweepRuns(ports)).toMatchObject({ recovered: 0 });
    Object.assign(ports.workflows.executions[0] ?? {}, { status: 'ABORTED' });
    expect(await sweepRuns(ports)).toMatchObject({ recovered: 1 });
    expect(ports.records.all('session')[0]).toMatchObject({ state: 'idle', attempt: 1 });
  });

  it('waits five minutes before it takes a lease for one whose execution was never started', async () => {
    const { ports } = await sessionFixture();
    const { session } = await ports.records.raiseGeneration(hintOf('a'));
    const { execution: name } = preparationInput(session, 'digest-g1-a1');
    await ports.records.leaseSession({
      project: PROJECT,
      sessionRecordId: session.id,
      execution: name,
      generation: 1,
      attempt: 0,
      now: ports.clock.now().toISOString(),
      expiresAt: '2027-01-01T00:00:00.000Z',
    });
    expect(await sweepRuns(ports)).toMatchObject({ recovered: 0 });
    ports.clock.advance(6 * 60_000);
    expect(await sweepRuns(ports)).toMatchObject({ recovered: 1 });
  });

  it('repairs runs whose end was not heard of', async () => {
    const ports = await launched();
    Object.assign(ports.workflows.executions[0] ?? {}, {
      status: 'FAILED',
      error: 'EmptyDataset',
      cause: 'nothing in it',
    });
    expect(await sweepRuns(ports)).toMatchObject({ runs: { failed: 1 } });
    expect(ports.records.all('run')[0]).toMatchObject({ state: 'failed', reason: 'nothing in it' });
    expect(await sweepRuns(ports)).toMatchObject({ runs: {} });
  });

  it('resumes a run whose machine was stopped unheard', async () => {
    const ports = await launched();
    Object.assign(ports.workflows.executions[0] ?? {}, { status: 'ABORTED', error: 'MachineStopped' });
    expect(await sweepRuns(ports)).toMatchObject({ runs: { waiting: 1 } });
    expect(ports.workflows.executions.at(-1)?.name).toBe('run-1-r1');
  });

  it('follows the job, and counts its price while it runs', async () => {
    const ports = await launched({ batchJobId: 'job-1', jobStatus: 'RUNNABLE', state: 'waiting' });
    ports.jobs.known.set('job-1', {
      jobId: 'job-1',
      status: 'RUNNING',
      statusReason: null,
      jobDefinition: 'd',
      parameters: { action: 'train' },
      logStreamName: 's',
      exitCode: null,
      attempts: 0,
    });
    const report = await sweepRuns(ports);
    expect(report.runs).toEqual({ running: 1 });
    expect(report.usdPerHour).toBe(2.2421);
  });

  it('stops a run at its budget, and asks again when it did not stop', async () => {
    const ports = await launched({
      state: 'running',
      startedAt: '2026-01-01T00:00:00.000Z',
      budgetUsd: 2.25,
    });
    ports.clock.advance(3_600_000);
    await sweepRuns(ports);
    expect(ports.workflows.executions[0]?.status).toBe('RUNNING');
    // At the price of the dearest host the second minute of the second hour is too much.
    ports.clock.advance(60_000);
    await sweepRuns(ports);
    expect(ports.workflows.executions[0]).toMatchObject({ status: 'ABORTED' });
    expect(ports.records.all('run')[0]).toMatchObject({ stopRequested: true });
    expect(ports.records.all('run')[0]?.reason).toContain('budget: at the price of one g6e.2xlarge');
    Object.assign(ports.workflows.executions[0] ?? {}, { status: 'RUNNING' });
    await sweepRuns(ports);
    expect(ports.workflows.executions[0]).toMatchObject({ status: 'ABORTED' });
  });

  it('fails a run that was never started, after five minutes', async () => {
    const ports = await projectPorts();
    await addRun(ports, { state: 'queued', executionArn: null });
    await sweepRuns(ports);
    expect(ports.records.all('run')[0]?.state).toBe('queued');
    ports.clock.advance(6 * 60_000);
    await sweepRuns(ports);
    expect(ports.records.all('run')[0]).toMatchObject({
      state: 'failed',
      reason: 'The run could not be started; launch it again.',
    });
  });

  it('ends saves, promotions and exports whose workflow is over or was never there', async () => {
    const ports = await projectPorts();
    await addSave(ports);
    await addReleases(ports);
    await ports.workflows.start('save-dataset', 'save-1', SAVE_INPUT);
    await ports.workflows.start('release-model', 'promotion-1', RELEASE_INPUT);
    Object.assign(ports.workflows.executions[1] ?? {}, { status: 'SUCCEEDED' });
    expect(await sweepRuns(ports)).toMatchObject({ failed: 0 });
    ports.clock.advance(6 * 60_000);
    expect(await sweepRuns(ports)).toMatchObject({ failed: 2 });
    expect(ports.records.all('dataset-save')[0]).toMatchObject({ state: 'running' });
    Object.assign(ports.workflows.executions[0] ?? {}, { status: 'TIMED_OUT' });
    expect(await sweepRuns(ports)).toMatchObject({ failed: 1 });
  });

  it('looks at every project before it reports that one failed', async () => {
    const { ports } = await sessionFixture();
    const list = ports.records.list;
    const records = {
      ...ports.records,
      list: ((entity, project, options) =>
        entity === 'session'
          ? Promise.reject(new Error('throttled'))
          : list(entity, project, options)) as typeof list,
    };
    await expect(sweepRuns({ ...ports, records })).rejects.toThrow('throttled');
  });
});
