import { JOBS, type JobName, type ResultOf, type SharedOf, type TaskOf } from './jobs.ts';
import { askWorker, type PoolWorker, poolSize, tellWorker, warmUp } from './worker-pool.ts';
import type { TaskHandler } from './worker-protocol.ts';

export interface RunOptions<Task> {
  /** Threads to use; 0 does all on this one. Default: one per core, at most 8. */
  readonly workers?: number;
  /** Buffers of a task that move to the thread instead of being copied; the caller has them no more. */
  readonly transferOf?: (task: Task) => readonly ArrayBuffer[];
}

/** Tasks handed out ahead of the result that is waited for: each thread has one in work and one at hand. */
export function tasksAhead(workers: number): number {
  return workers === 0 ? 1 : 2 * workers + 1;
}

let lastRun = 0;

/**
 * Does the tasks on the pool and gives their results in the order of the tasks, whichever thread is first.
 *
 * At most {@link tasksAhead} tasks are beyond the one whose result was taken last, so a slow reader holds everything up
 * and memory stays bounded. A reader that stops early leaves no thread with work.
 *
 * @throws PipelineError the first error in the order of the tasks, with the code that the thread gave it
 */
export async function* runJob<J extends JobName>(
  job: J,
  shared: SharedOf<J>,
  tasks: Iterable<TaskOf<J>>,
  { workers = poolSize(), transferOf = () => [] }: RunOptions<TaskOf<J>> = {},
): AsyncGenerator<ResultOf<J>> {
  if (workers === 0) yield* runHere(job, shared, tasks);
  else yield* runOnThreads(job, shared, tasks, { workers, transferOf });
}

async function* runHere<J extends JobName>(
  job: J,
  shared: SharedOf<J>,
  tasks: Iterable<TaskOf<J>>,
): AsyncGenerator<ResultOf<J>> {
  const open = (await JOBS[job]()) as (shared: unknown) => Promise<TaskHandler<unknown, ResultOf<J>>>;
  const handler = await open(shared);
  for (const task of tasks) yield handler(task).value;
}

async function* runOnThreads<J extends JobName>(
  job: J,
  shared: SharedOf<J>,
  tasks: Iterable<TaskOf<J>>,
  { workers, transferOf }: Required<RunOptions<TaskOf<J>>>,
): AsyncGenerator<ResultOf<J>> {
  lastRun += 1;
  const run = lastRun;
  const threads = warmUp(workers);
  const results: Promise<unknown>[] = [];
  const source = tasks[Symbol.iterator]();
  for (const thread of threads) tellWorker(thread, { kind: 'open', run, job, shared });
  const fill = (): void => {
    while (results.length < tasksAhead(workers)) {
      const next = source.next();
      if (next.done) return;
      const result = askWorker(leastBusy(threads), run, next.value, transferOf(next.value));
      // An error counts when its turn comes; until then it is not unhandled.
      result.catch(() => undefined);
      results.push(result);
    }
  };
  try {
    for (fill(); results.length > 0; fill()) yield (await results.shift()) as ResultOf<J>;
  } finally {
    await Promise.allSettled(results);
    for (const thread of threads) tellWorker(thread, { kind: 'close', run });
  }
}

function leastBusy(threads: readonly PoolWorker[]): PoolWorker {
  return threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least));
}
