import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { trainerVenv, venvProgram } from '../../local/machine/layout.ts';
import { chooseFreePorts } from '../../local/machine/ports.ts';
import { ensureVenv } from '../../local/machine/python-venv.ts';
import { PipelineError } from '../contracts/errors.ts';
import type { CliContext } from './context.ts';
import { isFinal } from './follow-run.ts';
import { mirrorEventFiles } from './mirror-event-files.ts';

const MIRROR_PAUSE_MS = 3_000;

export interface TensorboardOptions {
  /** Of 127.0.0.1; null: a free one. */
  readonly port: number | null;
  readonly mirrorPauseMs?: number;
  /** Path of the program, installed if need be; without it, the trainer's own. */
  readonly install?: () => Promise<string>;
}

/** Mirrors a run's event files every few seconds and shows them in the real TensorBoard until Ctrl-C. */
export async function runTensorboard(
  context: CliContext,
  runId: string,
  { port, mirrorPauseMs = MIRROR_PAUSE_MS, install = () => trainersTensorboard(context) }: TensorboardOptions,
): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const folder = join(context.dataFolder, 'tensorboard', project, runId);
  await mirrorEventFiles(api, project, runId, folder);
  const program = await install();
  const [free = 0] = port === null ? await chooseFreePorts(1) : [port];
  const board = startTensorboard(program, folder, free);
  context.out(
    context.json ? JSON.stringify({ url: board.url }) : `TensorBoard: ${board.url} (Ctrl-C ends it)`,
  );
  const mirror = async (): Promise<void> => {
    for (let ended = false; !ended && !board.stopped.signal.aborted; ) {
      await sleep(mirrorPauseMs, undefined, { signal: board.stopped.signal }).catch(() => undefined);
      ended = isFinal((await api.call('getRun', { project, runId })).run.state);
      await mirrorEventFiles(api, project, runId, folder);
    }
  };
  // A mirror that fails for a moment is no reason to take the board away.
  mirror().catch((error: Error) => context.err(`the event files are no longer mirrored: ${error.message}`));
  await board.ended;
}

async function trainersTensorboard(context: CliContext): Promise<string> {
  await ensureVenv('trainer', context.err);
  return venvProgram(trainerVenv, 'tensorboard');
}

function startTensorboard(program: string, folder: string, port: number) {
  if (!existsSync(program)) {
    throw new PipelineError(
      'ConfigurationError',
      `${program} is missing; remove its virtual environment and try again`,
    );
  }
  const args = ['--logdir', folder, '--host', '127.0.0.1', '--port', String(port), '--reload_interval', '2'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const stopped = new AbortController();
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      stopped.abort();
      resolve();
    }),
  );
  return { url: `http://127.0.0.1:${port}/`, stopped, ended };
}
