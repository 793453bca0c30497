import type { ErrorCode } from '../contracts/errors.ts';

/** A result and the buffers that move with it to the thread that asked. */
export interface Done<Result> {
  readonly value: Result;
  readonly transfer?: readonly ArrayBuffer[];
}

/** Does one task; made once per run, so that it can keep what its tasks share. */
export type TaskHandler<Task, Result> = (task: Task) => Done<Result>;

/**
 * Work that can run on any thread. A module of `jobs/` exports this one function.
 *
 * @param shared - what all tasks of a run have in common; plain data, large bytes in shared memory.
 */
export type OpenJob<Shared, Task, Result> = (shared: Shared) => Promise<TaskHandler<Task, Result>>;

/**
 * Main thread to worker. A run is opened once, then given tasks, then closed; messages are handled in order. `load` reads
 * a job's modules ahead of its first run.
 */
export type ToWorker =
  | { readonly kind: 'load'; readonly job: string }
  | { readonly kind: 'open'; readonly run: number; readonly job: string; readonly shared: unknown }
  | { readonly kind: 'task'; readonly run: number; readonly task: number; readonly input: unknown }
  | { readonly kind: 'close'; readonly run: number };

/** Worker to main thread: one per task. */
export type FromWorker =
  | { readonly task: number; readonly value: unknown }
  | { readonly task: number; readonly error: PortableError };

/** An error as it crosses threads; only a PipelineError has a code. */
export interface PortableError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
}
