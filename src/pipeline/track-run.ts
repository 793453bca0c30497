import { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import { BatchJobDetail, EventBridgeEnvelope, ExecutionStatusDetail } from '../contracts/events.ts';
import type { RunRecord } from '../contracts/records.ts';
import type { StateMachineName } from '../contracts/stage-names.ts';
import { PrepareSessionInput } from '../contracts/stages/prepare-session.ts';
import { ReleaseModelInput } from '../contracts/stages/release-model.ts';
import { SaveDatasetInput } from '../contracts/stages/save-dataset.ts';
import { TrainModelInput } from '../contracts/stages/train-model.ts';
import type { Ports } from '../ports/index.ts';
import { nextRunState, type RunEvent } from '../training/run-state.ts';
import { executionProblem, markFailed } from './mark-failed.ts';
import { recoverSession } from './recover-session.ts';
import { MACHINE_STOPPED, resumeRun } from './resume-run.ts';

type TrackPorts = Pick<Ports, 'records' | 'hints' | 'workflows'>;
type Envelope = z.infer<typeof EventBridgeEnvelope>;

/** Which of our machines an ARN is. */
export type MachineOf = (stateMachineArn: string) => StateMachineName | null;

export interface TrackResult {
  readonly event: string;
  readonly effect: string;
}

/** The parts of "Batch Job Queue Blocked" that tell whose job waits, and why. */
const QueueBlockedDetail = z.object({
  jobId: z.string().nullish(),
  statusReason: z.string().nullish(),
  parameters: z.record(z.string(), z.string()).nullish(),
});

/**
 * Takes one status event: the single writer of a run's state, and the one that ends what a crash left behind.
 *
 * Events come twice, late and out of order; the rules of the run's state allow for it, and everything else here acts
 * only on what is still unfinished.
 *
 * @throws MalformedBody for a message that is no event, which then ends in the dead letters
 */
export async function trackRun(
  message: unknown,
  machineOf: MachineOf,
  ports: TrackPorts,
): Promise<TrackResult> {
  const envelope = EventBridgeEnvelope.safeParse(message);
  if (!envelope.success) {
    throw new PipelineError(
      'MalformedBody',
      'the message is no EventBridge event; look at the rule that sent it',
    );
  }
  const event = envelope.data['detail-type'];
  const handle = HANDLERS[event];
  return { event, effect: handle ? await handle(envelope.data, machineOf, ports) : 'ignored' };
}

type Handler = (event: Envelope, machineOf: MachineOf, ports: TrackPorts) => Promise<string>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'Step Functions Execution Status Change': onExecution,
  'Batch Job State Change': onJob,
  'Batch Job Queue Blocked': onQueueBlocked,
};

async function onExecution(event: Envelope, machineOf: MachineOf, ports: TrackPorts): Promise<string> {
  const detail = parseDetail(ExecutionStatusDetail, event);
  const machine = machineOf(detail.stateMachineArn);
  const input: unknown = JSON.parse(detail.input ?? 'null');
  if (machine === null || input === null) return 'ignored';
  if (machine === 'train-model') return onTraining(detail, TrainModelInput.parse(input), event, ports);
  if (!['FAILED', 'TIMED_OUT', 'ABORTED'].includes(detail.status)) return 'ignored';
  const error = failureName(detail);
  if (machine === 'prepare-session') {
    const prepared = PrepareSessionInput.parse(input);
    return recoverSession(prepared, error, ports);
  }
  const problem = executionProblem(machine, error, detail.cause ?? null);
  if (machine === 'save-dataset') {
    const { project, saveId } = SaveDatasetInput.parse(input);
    await markFailed('dataset-save', project, saveId, problem, ports.records);
  } else {
    const release = ReleaseModelInput.parse(input);
    const { project, promotion } = release;
    if (promotion) await markFailed('promotion', project, promotion.promotionId, problem, ports.records);
    if (release.export) await markFailed('export', project, release.export.exportId, problem, ports.records);
  }
  return 'marked failed';
}

function failureName({ status, error }: ExecutionStatusDetail): string | null {
  return status === 'TIMED_OUT' ? 'States.Timeout' : (error ?? null);
}

async function onTraining(
  detail: ExecutionStatusDetail,
  { project, runId }: TrainModelInput,
  event: Envelope,
  ports: TrackPorts,
): Promise<string> {
  const run = await ports.records.get('run', project, runId);
  // A run that was resumed hears of its newest execution only.
  if (!run || (run.executionArn !== null && run.executionArn !== detail.executionArn)) return 'ignored';
  if (detail.status === 'ABORTED' && (await endedWithMachine(detail, ports))) {
    if (await resumeRun(run, detail.executionArn, ports)) return 'resumed';
  }
  const status = detail.status === 'PENDING_REDRIVE' ? 'FAILED' : detail.status;
  const at = typeof detail.stopDate === 'number' ? new Date(detail.stopDate).toISOString() : event.time;
  const { error = null, cause = null } = detail;
  return applyToRun(run, { source: 'execution', status, error, cause, at }, ports);
}

/** The event of an aborted execution carries no error name; the execution does. */
async function endedWithMachine(detail: ExecutionStatusDetail, { workflows }: TrackPorts): Promise<boolean> {
  const error = detail.error ?? (await workflows.describe(detail.executionArn))?.error;
  return error === MACHINE_STOPPED;
}

async function onJob(event: Envelope, _machineOf: MachineOf, ports: TrackPorts): Promise<string> {
  const job = parseDetail(BatchJobDetail, event);
  const action = job.parameters?.action;
  const run = await runOf(job.parameters, ports);
  if (!run || (action !== 'train' && action !== 'evaluate')) return 'ignored';
  return applyToRun(
    run,
    {
      source: 'job',
      action,
      jobId: job.jobId,
      status: job.status,
      statusReason: job.statusReason ?? null,
      logStreamName: job.container?.logStreamName ?? null,
      attempts: job.attempts?.length ?? 0,
      at: event.time,
    },
    ports,
  );
}

async function onQueueBlocked(event: Envelope, _machineOf: MachineOf, ports: TrackPorts): Promise<string> {
  const { parameters, statusReason } = parseDetail(QueueBlockedDetail, event);
  const run = await runOf(parameters, ports);
  if (!run) return 'ignored';
  return applyToRun(
    run,
    { source: 'queue-blocked', reason: blockedSentence(statusReason), at: event.time },
    ports,
  );
}

/** Batch's reasons begin with a word of its own; people get a sentence. */
function blockedSentence(statusReason: string | null | undefined): string {
  const reason = statusReason ?? '';
  if (/^CAPACITY/.test(reason))
    return 'No machine of the wanted kind is free in this region; the run waits for one.';
  if (/MAX_RESOURCE|SERVICE_ROLE|JOB_RESOURCE|^MISCONFIGURATION/.test(reason)) {
    return `The job queue cannot provide the machine that the run asks for (${reason.slice(0, 200)}); tell the operator.`;
  }
  return `The job queue is blocked${reason ? ` (${reason.slice(0, 200)})` : ''}; the run waits.`;
}

async function runOf(
  parameters: Readonly<Record<string, string>> | null | undefined,
  { records }: TrackPorts,
): Promise<RunRecord | null> {
  const { project, runId, action } = parameters ?? {};
  // The export job carries its export's id in the same parameter.
  return project && runId && action !== 'export' ? records.get('run', project, runId) : null;
}

/** Applies an event by the rules of the run's state. */
export async function applyToRun(
  run: RunRecord,
  event: RunEvent,
  { records }: Pick<Ports, 'records'>,
): Promise<string> {
  const after = await records.update('run', run.project, run.id, (current) => {
    if (isEndOfAnotherJob(current, event)) return null;
    const next = nextRunState(current, event);
    return next === current ? null : next;
  });
  return after.state;
}

/** The end of an earlier job, told after a later one has begun: it says nothing of the run any more. */
function isEndOfAnotherJob(current: RunRecord, event: RunEvent): boolean {
  if (event.source !== 'job' || current.batchJobId === null) return false;
  return current.batchJobId !== event.jobId && (event.status === 'FAILED' || event.status === 'SUCCEEDED');
}

function parseDetail<S extends z.ZodType>(schema: S, event: Envelope): z.output<S> {
  const parsed = schema.safeParse(event.detail);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new PipelineError(
    'MalformedBody',
    `the detail of "${event['detail-type']}" has another form at ${paths}`,
  );
}
