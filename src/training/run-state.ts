import type { RunRecord, RunState } from '../contracts/records.ts';
import { describeFailure } from './run-failure.ts';

/** The part of a run record that follows events; `track-run` is its only writer after the launch. */
export type RunProgress = Pick<
  RunRecord,
  | 'state'
  | 'batchJobId'
  | 'logStreamName'
  | 'jobStatus'
  | 'jobAttempts'
  | 'reason'
  | 'startedAt'
  | 'finishedAt'
  | 'stopRequested'
>;

export const JOB_STATUSES = [
  'SUBMITTED',
  'PENDING',
  'RUNNABLE',
  'STARTING',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Something that was heard about a run. `at` is the event's own time, ISO 8601. */
export type RunEvent =
  | {
      readonly source: 'execution';
      readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
      readonly error: string | null;
      readonly cause: string | null;
      readonly at: string;
    }
  | {
      readonly source: 'job';
      /** The job parameter `action`: which of the run's two jobs speaks. */
      readonly action: 'train' | 'evaluate';
      readonly jobId: string;
      readonly status: JobStatus;
      readonly statusReason: string | null;
      readonly logStreamName: string | null;
      /** Finished attempts: the length of the event's `attempts`. */
      readonly attempts: number;
      readonly at: string;
    }
  | { readonly source: 'queue-blocked'; readonly reason: string; readonly at: string }
  | { readonly source: 'stop-requested'; readonly reason: string; readonly at: string }
  | { readonly source: 'launch-failed'; readonly reason: string; readonly at: string };

type JobEvent = Extract<RunEvent, { source: 'job' }>;
type ExecutionEvent = Extract<RunEvent, { source: 'execution' }>;

const TERMINAL: readonly RunState[] = ['succeeded', 'failed', 'stopped'];

export function isFinished(state: RunState): boolean {
  return TERMINAL.includes(state);
}

/**
 * What a run looks like after an event. Pure, and safe for events that come twice, late or out of order:
 *
 * - the execution alone finishes a run, and a finished run stays as it is;
 * - of one job the later of (finished attempts, status) counts, so an old event changes nothing;
 * - the evaluation's job comes after the training's, whatever arrives first.
 *
 * @returns the same object when the event changes nothing, so that a caller can skip the write.
 */
export function nextRunState<P extends RunProgress>(current: P, event: RunEvent): P {
  if (isFinished(current.state)) {
    return event.source === 'job' ? afterLateJobEvent(current, event) : current;
  }
  switch (event.source) {
    case 'execution':
      return afterExecutionEvent(current, event);
    case 'job':
      return isNews(current, event) ? afterJobEvent(current, event) : current;
    case 'queue-blocked':
      return afterQueueBlocked(current, event.reason);
    case 'stop-requested':
      return current.stopRequested ? current : { ...current, stopRequested: true, reason: event.reason };
    case 'launch-failed':
      return { ...current, state: 'failed', reason: event.reason, finishedAt: event.at };
  }
}

function afterExecutionEvent<P extends RunProgress>(current: P, event: ExecutionEvent): P {
  switch (event.status) {
    case 'RUNNING':
      return current;
    case 'SUCCEEDED':
      return { ...current, state: 'succeeded', reason: null, finishedAt: event.at };
    case 'FAILED':
    case 'TIMED_OUT':
      return current.stopRequested
        ? stopped(current, event.at)
        : { ...current, state: 'failed', reason: failureSentence(event), finishedAt: event.at };
    case 'ABORTED':
      return stopped(current, event.at);
  }
}

function stopped<P extends RunProgress>(current: P, at: string): P {
  const reason = current.stopRequested ? current.reason : null;
  return { ...current, state: 'stopped', reason: reason ?? 'Stopped by an operator.', finishedAt: at };
}

function failureSentence(event: ExecutionEvent): string {
  return describeFailure(event.status === 'TIMED_OUT' ? 'States.Timeout' : event.error, event.cause);
}

/** False for an event that is older than what the record already tells. */
function isNews(current: RunProgress, event: JobEvent): boolean {
  if (current.state === 'evaluating' && event.action === 'train') {
    return false;
  }
  if (current.batchJobId !== event.jobId) {
    return true;
  }
  if (event.attempts !== current.jobAttempts) {
    return event.attempts > current.jobAttempts;
  }
  return rank(event.status) > rank(current.jobStatus);
}

function rank(status: string | null): number {
  return (JOB_STATUSES as readonly (string | null)[]).indexOf(status);
}

function afterJobEvent<P extends RunProgress>(current: P, event: JobEvent): P {
  const started = event.status === 'RUNNING' ? (current.startedAt ?? event.at) : current.startedAt;
  return {
    ...withJob(current, event),
    state: event.action === 'evaluate' ? 'evaluating' : trainingState(current.state, event.status),
    reason: current.stopRequested ? current.reason : waitingReason(event),
    startedAt: started,
  };
}

/** A job's end may be told after its execution's: the record of the job is completed, the run's is not touched. */
function afterLateJobEvent<P extends RunProgress>(current: P, event: JobEvent): P {
  const sameJob = current.batchJobId === event.jobId;
  return sameJob && isNews(current, event) ? withJob(current, event) : current;
}

function withJob<P extends RunProgress>(current: P, event: JobEvent): P {
  return {
    ...current,
    batchJobId: event.jobId,
    jobStatus: event.status,
    jobAttempts: event.attempts,
    logStreamName: event.logStreamName ?? (current.batchJobId === event.jobId ? current.logStreamName : null),
  };
}

function trainingState(current: RunState, status: JobStatus): RunState {
  switch (status) {
    case 'SUBMITTED':
    case 'PENDING':
      return current;
    case 'RUNNABLE':
    case 'STARTING':
      return 'waiting';
    case 'RUNNING':
    case 'SUCCEEDED':
    case 'FAILED':
      // A job's end is not the run's: results are still to be collected, or the failure to be told.
      return 'running';
  }
}

function waitingReason({ status, statusReason, attempts }: JobEvent): string | null {
  if (status === 'RUNNABLE') {
    const again = attempts > 0 ? 'Interrupted; it goes on from its last checkpoint. ' : '';
    return `${again}Waiting for a free machine${statusReason ? ` (${statusReason})` : ''}.`;
  }
  return status === 'STARTING' ? 'A machine was found and is starting.' : null;
}

function afterQueueBlocked<P extends RunProgress>(current: P, reason: string): P {
  if (current.state !== 'queued' && current.state !== 'waiting') {
    return current;
  }
  return { ...current, state: 'waiting', reason: current.stopRequested ? current.reason : reason };
}
