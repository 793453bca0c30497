import { ZodError } from 'zod';
import { PipelineError } from '../../src/contracts/errors.ts';

const RETRYABLE_NAMES = new Set([
  'TimeoutError',
  'NetworkingError',
  'ThrottlingException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'InternalServerError',
  'ServiceUnavailable',
]);
const REFUSED_NAMES = new Set(['AccessDenied', 'AccessDeniedException', 'UnrecognizedClientException']);

/**
 * Whatever was thrown as an error with a code, because Step Functions retries and catches by `error.name`.
 * An error of the AWS SDK becomes UpstreamError when trying again may help.
 */
export function toPipelineError(thrown: unknown): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const options = { cause: error };
  if (error instanceof ZodError) {
    const paths = pathsOf(error);
    return new PipelineError('InternalError', `a value does not match its contract at ${paths}`, {}, options);
  }
  if (REFUSED_NAMES.has(error.name)) {
    const message = `AWS refused a call: ${error.message}; check the function's policy`;
    return new PipelineError('ConfigurationError', message, {}, options);
  }
  if (isTransient(error)) {
    const message = `an AWS service did not answer as it should (${error.name}: ${error.message}); try again`;
    return new PipelineError('UpstreamError', message, {}, options);
  }
  return new PipelineError('InternalError', `${error.name}: ${error.message}`, {}, options);
}

/** `slices.key, session.project`: where a value broke its schema; never the value itself. */
export function pathsOf({ issues }: ZodError): string {
  return [...new Set(issues.map(({ path }) => path.join('.') || '(whole value)'))].join(', ');
}

function isTransient(error: Error): boolean {
  if (RETRYABLE_NAMES.has(error.name) || '$retryable' in error) return true;
  const status =
    '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  return (status !== undefined && status >= 500) || ('code' in error && isSocketCode(error.code));
}

function isSocketCode(code: unknown): boolean {
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].includes(String(code));
}
