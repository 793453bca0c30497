import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { PipelineError } from '../contracts/errors.ts';
import type { JobName } from './jobs.ts';
import { unpackError } from './portable-error.ts';
import type { FromWorker, ToWorker } from './worker-protocol.ts';

/** More threads than this wait for memory and for the thread that writes, not for a processor. */
const MAX_WORKERS = 8;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A thread and the tasks that it has not answered. */
export interface PoolWorker {
  readonly thread: Worker;
  readonly waiting: Map<number, Waiting>;
  /** Why it does no more work; null while it does. */
  failure: PipelineError | null;
}

/** Kept between runs, and between the invocations of one Lambda function. */
const pool: PoolWorker[] = [];
let lastTask = 0;

export function poolSize(): number {
  return Math.min(availableParallelism(), MAX_WORKERS);
}

/**
 * Starts the threads that are not there yet, without waiting for them: call it before reading files.
 *
 * @param job - what they will be asked for; its modules are loaded meanwhile
 */
export function warmUp(size: number = poolSize(), job?: JobName): readonly PoolWorker[] {
  while (pool.length < size) pool.push(startWorker());
  const workers = pool.slice(0, size);
  if (job !== undefined) for (const worker of workers) tellWorker(worker, { kind: 'load', job });
  return workers;
}

/** Sends one task and waits for its answer. The process stays alive until then, and not because of idle threads. */
export function askWorker(
  worker: PoolWorker,
  run: number,
  input: unknown,
  transfer: readonly ArrayBuffer[],
): Promise<unknown> {
  lastTask += 1;
  const task = lastTask;
  if (worker.failure !== null) return Promise.reject(worker.failure);
  return new Promise((resolve, reject) => {
    if (worker.waiting.size === 0) worker.thread.ref();
    worker.waiting.set(task, { resolve, reject });
    tellWorker(worker, { kind: 'task', run, task, input }, transfer);
  });
}

export function tellWorker(
  { thread }: PoolWorker,
  message: ToWorker,
  transfer: readonly ArrayBuffer[] = [],
): void {
  thread.postMessage(message, [...transfer]);
}

function startWorker(): PoolWorker {
  // A worker takes none of the flags that this process was started with, such as those of a test runner.
  const thread = new Worker(workerFile(), { execArgv: [] });
  const worker: PoolWorker = { thread, waiting: new Map(), failure: null };
  thread.on('message', (message: FromWorker) => settle(worker, message));
  thread.on('error', (error) => retire(worker, error.message));
  thread.on('exit', (code) => retire(worker, `it ended with code ${code}`));
  // Last, because a listener for messages takes a reference, too.
  thread.unref();
  return worker;
}

/** Beside this file: the source in a checkout, a bundle of its own in a Lambda function. */
function workerFile(): URL {
  const source = import.meta.url.endsWith('.ts');
  return new URL(source ? './worker.ts' : './worker.mjs', import.meta.url);
}

function settle(worker: PoolWorker, message: FromWorker): void {
  const waiting = worker.waiting.get(message.task);
  worker.waiting.delete(message.task);
  if (worker.waiting.size === 0) worker.thread.unref();
  if ('error' in message) waiting?.reject(unpackError(message.error));
  else waiting?.resolve(message.value);
}

/** A thread that died answers nothing any more; the next run starts another in its place. */
function retire(worker: PoolWorker, why: string): void {
  const at = pool.indexOf(worker);
  if (at >= 0) pool.splice(at, 1);
  worker.failure ??= new PipelineError(
    'InternalError',
    `a worker thread stopped: ${why}; run this again with more memory or fewer files`,
  );
  for (const { reject } of worker.waiting.values()) reject(worker.failure);
  worker.waiting.clear();
}
