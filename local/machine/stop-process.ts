import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

/**
 * Ends one process that we started: TERM, wait, KILL. A process whose pid now belongs to someone else is
 * left alone.
 *
 * @param group - signal the whole process group that the process leads.
 * @returns how it ended; `gone` when it did not run any more.
 */
export async function stopProcess(
  owned: ProcessIdentity,
  { graceMs = 10_000, group = false }: { graceMs?: number; group?: boolean } = {},
): Promise<'gone' | 'terminated' | 'killed'> {
  if (!isAlive(owned)) return 'gone';
  const target = group ? -owned.pid : owned.pid;
  signal(target, 'SIGTERM');
  if (await waitForEnd(owned, graceMs)) return 'terminated';
  signal(target, 'SIGKILL');
  await waitForEnd(owned, 5_000);
  return 'killed';
}

async function waitForEnd(owned: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(owned)) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

function signal(target: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(target, name);
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
