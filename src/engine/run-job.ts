import { setImmediate } from 'node:timers/promises';
import { JOBS, type JobName, type ResultOf, type SharedOf, type TaskOf } from './jobs.ts';
import { askWorker, type PoolWorker, poolSize, tellWorker, warmUp } from './worker-pool.ts';
import type { TaskHandler } from './worker-protocol.ts';

export interface RunOptions<Task> {
  /** Threads to use; 0 does all on this one. Default: one per core, at most 8. */
  readonly workers?: number;
  /** This thread does tasks as well instead of waiting, and counts as one more; it has to be free for as long as one takes. */
  readonly here?: boolean;
  /** Buffers of a task that move to the thread instead of being copied; the caller has them no more. */
  readonly transferOf?: (task: Task) => readonly ArrayBuffer[];
}

/** One in work and one at hand. */
const TASKS_PER_THREAD = 2;

/** Tasks handed out ahead of the result that is waited for. */
export function tasksAhead(workers: number): number {
  return workers === 0 ? 1 : TASKS_PER_THREAD * workers + 1;
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
  { workers = poolSize(), here = false, transferOf = () => [] }: RunOptions<TaskOf<J>> = {},
): AsyncGenerator<ResultOf<J>> {
  if (workers === 0) yield* runHere(job, shared, tasks);
  else yield* runOnThreads(job, shared, tasks, { workers, here, transferOf });
}

async function* runHere<J extends JobName>(
  job: J,
  shared: SharedOf<J>,
  tasks: Iterable<TaskOf<J>>,
): AsyncGenerator<ResultOf<J>> {
  const handler = await openHere(job, shared);
  for (const task of tasks) yield handler(task).value;
}

async function openHere<J extends JobName>(
  job: J,
  shared: SharedOf<J>,
): Promise<TaskHandler<TaskOf<J>, ResultOf<J>>> {
  const open = (await JOBS[job]()) as (shared: unknown) => Promise<TaskHandler<unknown, ResultOf<J>>>;
  return open(shared);
}

async function* runOnThreads<J extends JobName>(
  job: J,
  shared: SharedOf<J>,
  tasks: Iterable<TaskOf<J>>,
  { workers, here, transferOf }: Required<RunOptions<TaskOf<J>>>,
): AsyncGenerator<ResultOf<J>> {
  const { threads, ask, close } = openRun(job, shared, workers, transferOf);
  const pending: Pending[] = [];
  const source = tasks[Symbol.iterator]();
  const take = (work: (task: TaskOf<J>) => Promise<unknown>): boolean => {
    const next = source.next();
    if (!next.done) pending.push(follow(work(next.value)));
    return !next.done;
  };
  const limit = tasksAhead(here ? workers + 1 : workers);
  const hasRoom = () => !here || leastBusy(threads).waiting.size < TASKS_PER_THREAD;
  const handOut = (): void => {
    while (pending.length < limit && hasRoom()) if (!take(ask)) return;
  };
  try {
    const own = here ? await openHere(job, shared) : undefined;
    for (;;) {
      handOut();
      // Also when nothing is pending: the threads may have all their room taken by another run.
      while (own !== undefined && pending[0]?.settled !== true && pending.length < limit) {
        if (!take(async (task) => own(task).value)) break;
        // What the threads have done meanwhile is heard between two turns of the event loop.
        await setImmediate();
        handOut();
      }
      const next = pending.shift();
      if (next === undefined) return;
      yield (await next.result) as ResultOf<J>;
    }
  } finally {
    await Promise.allSettled(pending.map(({ result }) => result));
    close();
  }
}

/** Tells the threads of a run, which hand back what they are asked. */
function openRun<J extends JobName>(
  job: J,
  shared: SharedOf<J>,
  workers: number,
  transferOf: (task: TaskOf<J>) => readonly ArrayBuffer[],
) {
  lastRun += 1;
  const run = lastRun;
  const threads = warmUp(workers);
  for (const thread of threads) tellWorker(thread, { kind: 'open', run, job, shared });
  return {
    threads,
    ask: (task: TaskOf<J>) => askWorker(leastBusy(threads), run, task, transferOf(task)),
    close: () => {
      for (const thread of threads) tellWorker(thread, { kind: 'close', run });
    },
  };
}

/** A task in work, or done and waiting for its turn. */
interface Pending {
  readonly result: Promise<unknown>;
  settled: boolean;
}

function follow(result: Promise<unknown>): Pending {
  const pending: Pending = { result, settled: false };
  const settle = (): void => {
    pending.settled = true;
  };
  // An error counts when its turn comes; until then it is not unhandled.
  result.then(settle, settle);
  return pending;
}

function leastBusy(threads: readonly PoolWorker[]): PoolWorker {
  return threads.reduce((least, thread) => (thread.waiting.size < least.waiting.size ? thread : least));
}
