import { JOBS, type JobName } from './jobs.ts';
import { packError } from './portable-error.ts';
import type { Done, FromWorker, TaskHandler, ToWorker } from './worker-protocol.ts';

type Send = (message: FromWorker, transfer: readonly ArrayBuffer[]) => void;
type AnyOpen = (shared: unknown) => Promise<TaskHandler<unknown, unknown>>;

/** The worker's side of the protocol, apart from its thread. An error is reported with the task that met it. */
export function serveTasks(send: Send): (message: ToWorker) => void {
  const runs = new Map<number, Promise<TaskHandler<unknown, unknown>>>();
  return (message) => {
    // A job that cannot be loaded is reported by the tasks of its run.
    if (message.kind === 'load') loadJob(message.job as JobName).catch(() => undefined);
    else if (message.kind === 'open') {
      const opened = openJob(message.job as JobName, message.shared);
      // Each task of the run reports the failure; without tasks it concerns nobody.
      opened.catch(() => undefined);
      runs.set(message.run, opened);
    } else if (message.kind === 'close') runs.delete(message.run);
    else void doTask(runs.get(message.run), message.task, message.input, send);
  };
}

async function openJob(job: JobName, shared: unknown): Promise<TaskHandler<unknown, unknown>> {
  const open = await loadJob(job);
  return open(shared);
}

async function loadJob(job: JobName): Promise<AnyOpen> {
  return (await JOBS[job]()) as AnyOpen;
}

async function doTask(
  run: Promise<TaskHandler<unknown, unknown>> | undefined,
  task: number,
  input: unknown,
  send: Send,
): Promise<void> {
  try {
    const handler = await run;
    if (handler === undefined) throw new Error(`task ${task} belongs to no open run`);
    const { value, transfer = [] }: Done<unknown> = handler(input);
    send({ task, value }, transfer);
  } catch (error) {
    send({ task, error: packError(error) }, []);
  }
}
