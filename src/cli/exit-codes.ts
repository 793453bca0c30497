import { PipelineError } from '../contracts/errors.ts';

/** Exit codes of `contourflow`, as its help states them. */
export const EXIT = {
  ok: 0,
  /** A defect or an unforeseen failure of contourflow itself. */
  internal: 1,
  /** The command line was not understood. */
  usage: 2,
  /** Understood, but refused or failed for a stated reason. */
  refused: 3,
} as const;

/** A command line that commander accepts and we do not. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Thrown by a command that has said everything and ends with a code of its own. */
export class ExitCode extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof PipelineError) return error.code === 'InternalError' ? EXIT.internal : EXIT.refused;
  return EXIT.internal;
}

/** `error <Code>: sentence`, one line for a program to read, then details a person may need. */
export function errorText(error: unknown): string {
  if (error instanceof PipelineError)
    return `error ${error.code}: ${error.message}${problemLines(error.details)}`;
  if (error instanceof UsageError) return `error UsageError: ${error.message}`;
  return `error InternalError: ${error instanceof Error ? error.message : String(error)}`;
}

/** The server lists every bad field; a person wants to see them all at once. */
function problemLines({ problems }: Readonly<Record<string, unknown>>): string {
  if (!Array.isArray(problems)) return '';
  return problems
    .map((problem) => `\n  ${typeof problem === 'string' ? problem : JSON.stringify(problem)}`)
    .join('');
}
