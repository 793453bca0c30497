import { PipelineError } from '../contracts/errors.ts';
import type { PortableError } from './worker-protocol.ts';

/** An error as plain data that can be posted to another thread. */
export function packError(error: unknown): PortableError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof PipelineError) return { code: error.code, message, details: error.details, stack };
  return { code: null, message, details: {}, stack };
}

/** The error again; one that had no code becomes an InternalError, because nobody foresaw it. */
export function unpackError({ code, message, details, stack }: PortableError): PipelineError {
  const error = new PipelineError(
    code ?? 'InternalError',
    code === null ? `a worker thread failed: ${message}; report this` : message,
    details,
  );
  if (stack !== undefined) error.stack = stack;
  return error;
}
