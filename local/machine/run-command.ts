import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, createWriteStream, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../../src/contracts/errors.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/**
 * Runs a command to its end, its output in a log file. The command leads a process group of its own, which is
 * ended with it when the time is up.
 *
 * @throws InternalError with the log's tail when it fails or takes longer than `timeoutMs`.
 */
export async function runCommand(command: Command & { timeoutMs: number; what: string }): Promise<void> {
  mkdirSync(dirname(command.logFile), { recursive: true });
  const log = createWriteStream(command.logFile);
  const child = spawn(command.program, command.args, {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const endGroup = (): void => endProcessGroup(child);
  process.once('exit', endGroup);
  const outcome = await waitFor(child, command.timeoutMs);
  process.off('exit', endGroup);
  await new Promise<void>((resolve) => log.end(() => resolve()));
  if (outcome === 'done') return;
  throw new PipelineError('InternalError', `${command.what} ${outcome}; ${tailOf(command.logFile)}`, {
    program: command.program,
    logFile: command.logFile,
  });
}

function waitFor(child: ChildProcess, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      endProcessGroup(child);
      resolve(`did not finish within ${Math.round(timeoutMs / 1000)} s`);
    }, timeoutMs);
    const settle = (outcome: string): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.once('error', (error) => settle(`could not be started (${error.message})`));
    child.once('close', (code, signal) =>
      settle(
        code === 0 ? 'done' : signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`,
      ),
    );
  });
}

function endProcessGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/**
 * Starts a server that outlives this process, its output appended to a log file.
 *
 * @returns pid and start time, by which it can be found and ended later.
 */
export async function startDaemon(command: Command): Promise<ProcessIdentity> {
  mkdirSync(dirname(command.logFile), { recursive: true });
  const log = openSync(command.logFile, 'a', 0o600);
  const child = spawn(command.program, command.args, {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const started = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
  const owned = started && child.pid !== undefined ? identify(child.pid) : null;
  child.unref();
  if (owned !== null) return owned;
  throw new PipelineError(
    'InternalError',
    `${command.program} could not be started; ${tailOf(command.logFile)}`,
    {
      logFile: command.logFile,
    },
  );
}

/** Polls `check` until it holds; gives up early when `alive` no longer does. */
export async function waitUntil(
  check: () => Promise<boolean>,
  { timeoutMs, alive = () => true }: { timeoutMs: number; alive?: () => boolean },
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && alive()) {
    if (await check()) return true;
    await sleep(50);
  }
  return false;
}

/** The end of a log, for a person who has to find out why. */
export function tailOf(logFile: string, lines = 40): string {
  let text = '';
  try {
    text = readFileSync(logFile, 'utf8');
  } catch {
    return `${logFile} is empty`;
  }
  return `the end of ${logFile}:\n${text.trimEnd().split('\n').slice(-lines).join('\n')}`;
}
