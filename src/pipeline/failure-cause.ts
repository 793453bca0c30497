import { z } from 'zod';
import { isErrorCode } from '../contracts/errors.ts';
import type { Problem } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';

const LambdaCause = z.object({ errorType: z.string(), errorMessage: z.string() });
const JobCause = z.object({
  JobId: z.string(),
  Parameters: z.record(z.string(), z.string()).nullish(),
  StatusReason: z.string().nullish(),
  Container: z.object({ ExitCode: z.int().nullish(), Reason: z.string().nullish() }).nullish(),
});
/** What the stage runner leaves beside its output when the stage fails: the code that a job's exit cannot carry. */
export const StageFailure = z.strictObject({ code: z.string(), message: z.string() });
export const FAILURE_SUFFIX = '.failure.json';

const MAX_SENTENCE = 1000;

/**
 * What Step Functions says of a failed state as a code of ours and a sentence.
 *
 * A name that is not ours becomes InternalError with its text kept, States.Timeout among them. For a job, the stage
 * runner's own words are read, when it had time to leave them.
 */
export async function problemOf(
  failed: { readonly stage: string; readonly error: string; readonly cause: string },
  objects: Pick<Ports['objects'], 'stat' | 'read'>,
): Promise<Problem> {
  const { stage, error, cause } = failed;
  const job = JobCause.safeParse(parseJson(cause));
  const left = job.success ? await runnerFailure(job.data.Parameters ?? {}, objects) : null;
  if (left) return problem(stage, left.code, left.message);
  const limit = limitSentence(failed);
  if (limit) return { code: 'InternalError', message: limit, stage };
  const known = lambdaProblem(failed);
  if (known) return known;
  return problem(stage, error, job.success ? jobSentence(job.data) : cause);
}

/** Names under which a function is ended that used up its memory; Lambda does not always say why it died. */
const MEMORY_ERRORS = ['Lambda.Unknown', 'Runtime.ExitError', 'Runtime.OutOfMemory', 'OutOfMemoryError'];

/** For a stage that ran into a limit of its function or job, what can be changed about it. */
function limitSentence({
  stage,
  error,
  cause,
}: {
  stage: string;
  error: string;
  cause: string;
}): string | null {
  const lambda = LambdaCause.safeParse(parseJson(cause));
  const names = [error, ...(lambda.success ? [lambda.data.errorType] : [])];
  const smaller =
    'retry the case; when it happens again, lower batchVoxelThreshold so that series of this size are prepared on Batch';
  if (names.some((name) => name === 'States.Timeout' || name === 'Sandbox.Timedout')) {
    return `${stage} took longer than its time limit; ${smaller}`;
  }
  if (!names.some((name) => MEMORY_ERRORS.includes(name))) return null;
  return `${stage} ended without a word, most often for want of memory (${names.at(-1)}); ${smaller}, or raise imagingMemoryMib`;
}

/** What a function threw, or null when the failure is none of a function. */
export function lambdaProblem(failed: { readonly stage: string; readonly cause: string }): Problem | null {
  const lambda = LambdaCause.safeParse(parseJson(failed.cause));
  return lambda.success ? problem(failed.stage, lambda.data.errorType, lambda.data.errorMessage) : null;
}

function problem(stage: string, name: string, text: string): Problem {
  const known = isErrorCode(name);
  const message = known ? text : `${stage} failed unexpectedly (${name}): ${text}`;
  return { code: known ? name : 'InternalError', message: message.slice(0, MAX_SENTENCE), stage };
}

function jobSentence({ StatusReason, Container }: z.infer<typeof JobCause>): string {
  const reason = Container?.Reason ?? StatusReason ?? 'no reason was given';
  const exit = typeof Container?.ExitCode === 'number' ? ` with exit code ${Container.ExitCode}` : '';
  return `the stage runner's job ended${exit}: ${reason}; its log says more`;
}

async function runnerFailure(
  parameters: Readonly<Record<string, string>>,
  objects: Pick<Ports['objects'], 'stat' | 'read'>,
): Promise<z.infer<typeof StageFailure> | null> {
  const outputKey = Object.entries(parameters).find(([name]) => name.toLowerCase() === 'outputkey')?.[1];
  if (!outputKey) return null;
  const key = `${outputKey}${FAILURE_SUFFIX}`;
  if (!(await objects.stat(key))) return null;
  const parsed = StageFailure.safeParse(parseJson(new TextDecoder().decode(await objects.read({ key }))));
  return parsed.success ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
