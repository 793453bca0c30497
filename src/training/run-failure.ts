import { isErrorCode } from '../contracts/errors.ts';

/** Exit code by which the trainer asks to be started again: it was told to stop and has saved its state. */
export const EXIT_CODE_RESUME = 75;
/** 128 + SIGKILL: the host ended the container, nearly always for want of memory. */
const EXIT_CODE_KILLED = 137;

const SEE_LOG = 'the last lines of its log say why (contourflow runs logs <run>)';

/** The parts of a Batch job that Step Functions puts, as JSON, into the cause of a failed `submitJob.sync`. */
interface FailedJob {
  readonly exitCode: number | null;
  readonly reason: string;
}

/**
 * Why an execution failed, in one sentence a researcher understands.
 *
 * @param error - error name as Step Functions gives it: one of our codes, `States.*`, `Batch.*` or null.
 * @param cause - as Step Functions gives it: JSON of `{errorType, errorMessage}` (Lambda), JSON of a Batch
 *   job, or plain text. Unknown forms are kept as text, cut to 500 characters.
 */
export function describeFailure(error: string | null, cause: string | null): string {
  const parsed = parseObject(cause);
  const message = text(parsed?.errorMessage);
  if (message) {
    return message;
  }
  const job = parsed ? failedJob(parsed) : null;
  if (job) {
    return describeJobFailure(job);
  }
  if (error === 'States.Timeout') {
    return 'The run took longer than its time limit; raise timeoutSeconds in the training config or train for fewer epochs.';
  }
  return describeText(error, cause);
}

/** Why a Batch job failed: exit code first, then what the host said. */
export function describeJobFailure(job: FailedJob): string {
  if (job.exitCode === EXIT_CODE_RESUME) {
    return 'The run was interrupted more often than it may be restarted; launch it again to start over.';
  }
  if (job.exitCode === EXIT_CODE_KILLED || /OutOfMemory/i.test(job.reason)) {
    return 'The machine ran out of memory; use a smaller batch or patch size, or a bigger machine.';
  }
  if (/^Host EC2|spot/i.test(job.reason)) {
    return 'The machine was taken away (Spot) more often than the run may be restarted; launch it again later.';
  }
  if (/CannotPull/i.test(job.reason)) {
    return 'The trainer image could not be pulled; ask the operator to check the image URI of the deployment.';
  }
  if (/MISCONFIGURATION|CAPACITY|timeout|terminated|cancel/i.test(job.reason)) {
    return `The job was ended before it finished: ${cut(job.reason)}.`;
  }
  return job.exitCode === null
    ? `The job failed: ${cut(job.reason || 'no reason was given')}; ${SEE_LOG}.`
    : `The training program failed with exit code ${job.exitCode}; ${SEE_LOG}.`;
}

function describeText(error: string | null, cause: string | null): string {
  const said = cut(cause ?? '');
  if (error && isErrorCode(error)) {
    return said || `The run failed with ${error}; ${SEE_LOG}.`;
  }
  const name = error ?? 'an unnamed error';
  return said ? `The run failed with ${name}: ${said}` : `The run failed with ${name}; ${SEE_LOG}.`;
}

function failedJob(cause: Record<string, unknown>): FailedJob | null {
  if (!('JobId' in cause || 'jobId' in cause)) {
    return null;
  }
  const container = member(cause, 'Container');
  const exitCode = record(container) ? member(container, 'ExitCode') : null;
  const reasons = [record(container) ? member(container, 'Reason') : null, member(cause, 'StatusReason')];
  return {
    exitCode: typeof exitCode === 'number' ? exitCode : null,
    reason: reasons.map(text).filter(Boolean).join('; '),
  };
}

/** A member by its PascalCase name (Step Functions) or its camelCase one (Batch itself). */
function member(of: Record<string, unknown>, name: string): unknown {
  return of[name] ?? of[name.charAt(0).toLowerCase() + name.slice(1)];
}

function parseObject(json: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json ?? 'null');
    return record(value) ? value : null;
  } catch {
    return null;
  }
}

function record(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function cut(words: string): string {
  return words.length > 500 ? `${words.slice(0, 497)}...` : words;
}
