import type { RunRecord } from '../contracts/records.ts';
import type { Ports } from '../ports/index.ts';
import { dearestHost } from '../training/dearest-host.ts';
import { isFinished } from '../training/run-state.ts';
import { MACHINE_STOPPED, resumeRun } from './resume-run.ts';
import { applyToRun } from './track-run.ts';

type SweepPorts = Pick<Ports, 'records' | 'workflows' | 'jobs' | 'clock' | 'trainingHosts'>;

const LAUNCH_GRACE_MS = 5 * 60_000;

export interface SweptRun {
  readonly state: string;
  /** Price of its running job; 0 while it waits. */
  readonly usdPerHour: number;
}

/** One run that is not over: what its execution and its job really do, then its budget. */
export async function sweepRun(run: RunRecord, ports: SweepPorts): Promise<SweptRun> {
  const ended = await repairFromExecution(run, ports);
  if (ended !== null) return { state: ended, usdPerHour: 0 };
  await repairFromJob(run, ports);
  const current = (await ports.records.get('run', run.project, run.id)) ?? run;
  if (isFinished(current.state)) return { state: current.state, usdPerHour: 0 };
  await enforceEnd(current, ports);
  const { usdPerHour } = dearestHost(ports.trainingHosts);
  return { state: current.state, usdPerHour: current.jobStatus === 'RUNNING' ? usdPerHour : 0 };
}

/** The state after an end that was not heard of, or null while the execution runs. */
async function repairFromExecution(run: RunRecord, ports: SweepPorts): Promise<string | null> {
  const { workflows, clock } = ports;
  const executionArn = run.executionArn ?? workflows.arnOf('train-model', run.id);
  const found = await workflows.describe(executionArn);
  if (found?.status === 'RUNNING') return null;
  const now = clock.now().toISOString();
  if (!found) {
    if (Date.parse(now) - Date.parse(run.createdAt) < LAUNCH_GRACE_MS) return null;
    const reason = 'The run could not be started; launch it again.';
    return applyToRun(run, { source: 'launch-failed', reason, at: now }, ports);
  }
  const { status, error, cause } = found;
  if (status === 'ABORTED' && error === MACHINE_STOPPED && (await resumeRun(run, executionArn, ports))) {
    return 'waiting';
  }
  return applyToRun(run, { source: 'execution', status, error, cause, at: found.stoppedAt ?? now }, ports);
}

async function repairFromJob(run: RunRecord, ports: SweepPorts): Promise<void> {
  const job = run.batchJobId === null ? null : await ports.jobs.describe(run.batchJobId);
  const action = job?.parameters.action;
  if (!job || (action !== 'train' && action !== 'evaluate')) return;
  const { jobId, status, statusReason, logStreamName, attempts } = job;
  const at = ports.clock.now().toISOString();
  await applyToRun(
    run,
    { source: 'job', action, jobId, status, statusReason, logStreamName, attempts, at },
    ports,
  );
}

/** Stops a run over its budget, and one that was to stop and did not. */
async function enforceEnd(run: RunRecord, ports: SweepPorts): Promise<void> {
  const executionArn = run.executionArn ?? ports.workflows.arnOf('train-model', run.id);
  if (run.stopRequested) {
    await ports.workflows.stop(executionArn, run.reason ?? 'Stopped.');
    return;
  }
  if (run.startedAt === null) return;
  const now = ports.clock.now();
  const host = dearestHost(ports.trainingHosts);
  const spent = ((now.getTime() - Date.parse(run.startedAt)) / 3_600_000) * host.usdPerHour;
  if (spent <= run.budgetUsd) return;
  const reason =
    `Stopped at its budget: at the price of one ${host.instanceType} (${host.usdPerHour} USD/h) about ` +
    `${spent.toFixed(2)} of ${run.budgetUsd} USD are spent; its checkpoints stay.`;
  // Marked first, so that the end that follows is told as a stop and not as a failure.
  await applyToRun(run, { source: 'stop-requested', reason, at: now.toISOString() }, ports);
  await ports.workflows.stop(executionArn, reason);
}
