import { JOBS, type JobName } from './jobs.ts';
import { packError } from './portable-error.ts';
import type { Done, FromWorker, TaskHandler, ToWorker } from './worker-protocol.ts';

type Send = (message: FromWorker, transfer: readonly ArrayBuffer[]) => void;
type AnyOpen = (shared: unknown) => Promise<TaskHandler<unknown, unknown>>;

/** The worker's side of the protocol, apart from its thread. An error is reported with the task that met it. */
export function serveTasks(send: Send): (message: ToWorker) => void {
  const runs = new Map<number, Promise<TaskHandler<unknown, unknown>>>();
  return (message) => {
    if (message.kind === 'open') {
      const opened = openJob(message.job as JobName, message.shared);
      // Each task of the run reports the failure; without tasks it concerns nobody.
      opened.catch(() => undefined);
      runs.set(message.run, opened);
    } else if (message.kind === 'close') runs.delete(message.run);
    else void doTask(runs.get(message.run), message.task, message.input, send);
  };
}

async function openJob(job: JobName, shared: unknown): Promise<TaskHandler<unknown, unknown>> {
  const open = (await JOBS[job]()) as AnyOpen;
  return open(shared);
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
