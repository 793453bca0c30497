import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isFinished,
  type JobStatus,
  nextRunState,
  type RunEvent,
  type RunProgress,
} from '../../../src/training/run-state.ts';

const AT = '2026-01-01T00:00:00Z';
const NEW_RUN: RunProgress = {
  state: 'queued',
  batchJobId: null,
  logStreamName: null,
  jobStatus: null,
  jobAttempts: 0,
  reason: null,
  startedAt: null,
  finishedAt: null,
  stopRequested: false,
};

function job(status: JobStatus, more: Partial<Extract<RunEvent, { source: 'job' }>> = {}): RunEvent {
  const base = { source: 'job', action: 'train', jobId: 'train-1', statusReason: null } as const;
  return { ...base, logStreamName: null, attempts: 0, at: AT, status, ...more };
}
const evaluation = (status: JobStatus) => job(status, { action: 'evaluate', jobId: 'evaluate-1' });

function execution(
  status: Extract<RunEvent, { source: 'execution' }>['status'],
  error: string | null = null,
  cause: string | null = null,
): RunEvent {
  return { source: 'execution', status, error, cause, at: AT };
}
const stop: RunEvent = { source: 'stop-requested', reason: 'Stopped by ann.', at: AT };

function outcome(...events: RunEvent[]): RunProgress {
  return events.reduce(nextRunState<RunProgress>, NEW_RUN);
}

describe('nextRunState', () => {
  it.each([
    ['SUBMITTED', 'queued', null],
    ['PENDING', 'queued', null],
    ['RUNNABLE', 'waiting', 'Waiting for a free machine.'],
    ['STARTING', 'waiting', 'A machine was found and is starting.'],
    ['RUNNING', 'running', null],
    ['SUCCEEDED', 'running', null],
    ['FAILED', 'running', null],
  ] as const)('is, after the training job is %s, %s', (status, state, reason) => {
    expect(outcome(job(status))).toMatchObject({ state, reason, jobStatus: status, batchJobId: 'train-1' });
  });

  it('goes from queued to succeeded over both jobs', () => {
    const ended = outcome(
      execution('RUNNING'),
      job('RUNNABLE'),
      job('RUNNING', { logStreamName: 'trainer/a' }),
      job('SUCCEEDED', { attempts: 1 }),
      evaluation('RUNNABLE'),
      evaluation('RUNNING'),
      execution('SUCCEEDED'),
    );
    expect(ended).toMatchObject({ state: 'succeeded', startedAt: AT, finishedAt: AT, reason: null });
  });

  it('says that an interrupted run goes on from its checkpoint, and keeps its start', () => {
    const first = job('RUNNING', { at: '2026-01-01T01:00:00Z' });
    const again = job('RUNNABLE', { attempts: 1 });
    const waiting = outcome(first, again);
    expect(waiting).toMatchObject({ state: 'waiting', startedAt: '2026-01-01T01:00:00Z', jobAttempts: 1 });
    expect(waiting.reason).toMatch(/Interrupted.*checkpoint.*Waiting/);
  });

  it("quotes Batch's own reason for waiting", () => {
    const waiting = outcome(job('RUNNABLE', { statusReason: 'no instance capacity' }));
    expect(waiting.reason).toBe('Waiting for a free machine (no instance capacity).');
  });

  it('takes an older event of the same attempt for nothing', () => {
    const running = outcome(job('RUNNING'));
    expect(nextRunState(running, job('RUNNABLE'))).toBe(running);
    expect(nextRunState(running, job('RUNNING'))).toBe(running);
  });

  it('takes an event of an earlier attempt for nothing', () => {
    const second = outcome(job('RUNNING', { attempts: 1 }));
    expect(nextRunState(second, job('FAILED', { attempts: 0 }))).toBe(second);
  });

  it('does not go back to training once the evaluation has begun', () => {
    const evaluating = outcome(job('RUNNING'), evaluation('RUNNING'));
    expect(nextRunState(evaluating, job('SUCCEEDED', { attempts: 1 }))).toBe(evaluating);
  });

  it('shows the log of the evaluation once it has one', () => {
    const evaluating = outcome(
      job('RUNNING', { logStreamName: 'a' }),
      job('RUNNING', { action: 'evaluate', jobId: 'evaluate-1', logStreamName: 'b' }),
    );
    expect(evaluating.logStreamName).toBe('b');
  });

  it('lets nothing change a finished run but the end of its own job', () => {
    const failed = outcome(job('RUNNING'), execution('FAILED', 'TrainingFailed', 'no result'));
    expect(failed).toMatchObject({ state: 'failed', reason: 'no result' });
    expect(nextRunState(failed, execution('SUCCEEDED'))).toBe(failed);
    expect(nextRunState(failed, stop)).toBe(failed);
    expect(nextRunState(failed, job('RUNNING', { jobId: 'other' }))).toBe(failed);
    const late = nextRunState(failed, job('FAILED', { attempts: 1 }));
    expect(late).toEqual({ ...failed, jobStatus: 'FAILED', jobAttempts: 1 });
  });

  it('tells an asked-for stop from a failure, whatever status it arrives as', () => {
    for (const status of ['ABORTED', 'FAILED', 'TIMED_OUT'] as const) {
      const ended = outcome(job('RUNNING'), stop, job('FAILED', { attempts: 1 }), execution(status));
      expect(ended).toMatchObject({ state: 'stopped', reason: 'Stopped by ann.' });
    }
  });

  it('says that an operator stopped it when nobody asked', () => {
    const ended = outcome(job('RUNNABLE'), execution('ABORTED'));
    expect(ended).toMatchObject({ state: 'stopped', reason: 'Stopped by an operator.' });
  });

  it('keeps the first reason of two stops', () => {
    const stopped = outcome(stop);
    expect(nextRunState(stopped, { ...stop, reason: 'other' })).toBe(stopped);
    expect(outcome(stop, job('RUNNABLE')).reason).toBe('Stopped by ann.');
  });

  it('explains a blocked queue while it waits, and only then', () => {
    const blocked: RunEvent = { source: 'queue-blocked', reason: 'No GPU quota.', at: AT };
    expect(outcome(job('RUNNABLE'), blocked)).toMatchObject({ state: 'waiting', reason: 'No GPU quota.' });
    expect(outcome(stop, blocked).reason).toBe('Stopped by ann.');
    const running = outcome(job('RUNNING'));
    expect(nextRunState(running, blocked)).toBe(running);
  });

  it('fails a run that could not be launched', () => {
    const failed = outcome({ source: 'launch-failed', reason: 'no', at: AT });
    expect(failed).toMatchObject({ state: 'failed', reason: 'no', finishedAt: AT });
  });

  it('calls a timed-out execution by its limit', () => {
    expect(outcome(execution('TIMED_OUT')).reason).toContain('time limit');
  });

  it('ends in the same state whatever the order and repetition of events', () => {
    const story = [
      execution('RUNNING'),
      job('SUBMITTED'),
      job('RUNNABLE'),
      job('RUNNING'),
      job('RUNNABLE', { attempts: 1 }),
      job('RUNNING', { attempts: 1 }),
      job('SUCCEEDED', { attempts: 2 }),
      evaluation('RUNNABLE'),
      evaluation('RUNNING'),
      evaluation('SUCCEEDED'),
    ];
    const shuffled = fc
      .tuple(fc.shuffledSubarray(story, { minLength: story.length }), fc.array(fc.constantFrom(...story)))
      .map(([all, again]) => [...all, ...again]);
    fc.assert(
      fc.property(shuffled, (events) => {
        const open = outcome(...events);
        expect(open.state).toBe('evaluating');
        expect(open.jobStatus).toBe('SUCCEEDED');
        const done = [execution('SUCCEEDED'), ...events].reduce(nextRunState<RunProgress>, open);
        expect(done.state).toBe('succeeded');
        expect(isFinished(done.state)).toBe(true);
      }),
    );
  });
});
