import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../../src/contracts/errors.ts';
import { identify, isAlive, ProcessIdentity } from './process-identity.ts';

/**
 * Runs `work` while no other process does the same. The lock names its holder by pid and start time, so the
 * lock of a process that died is taken over.
 *
 * @param waitMs - how long to wait for another holder.
 * @throws Conflict when another process still holds it then.
 */
export async function withLock<T>(lockFile: string, work: () => Promise<T>, waitMs = 0): Promise<T> {
  await acquire(lockFile, Date.now() + waitMs);
  const release = (): void => rmSync(lockFile, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

async function acquire(lockFile: string, deadline: number): Promise<void> {
  mkdirSync(dirname(lockFile), { recursive: true });
  const scratch = `${lockFile}.${randomUUID()}`;
  // Written first, linked second: nobody ever reads a lock without a holder in it.
  writeFileSync(scratch, JSON.stringify(identify(process.pid)));
  try {
    while (!link(scratch, lockFile)) {
      const holder = readHolder(lockFile);
      if (holder === null || !isAlive(holder)) rmSync(lockFile, { force: true });
      else if (Date.now() >= deadline) throw heldBy(holder, lockFile);
      else await sleep(100);
    }
  } finally {
    rmSync(scratch, { force: true });
  }
}

function link(scratch: string, lockFile: string): boolean {
  try {
    linkSync(scratch, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(lockFile: string): ProcessIdentity | null {
  try {
    return ProcessIdentity.parse(JSON.parse(readFileSync(lockFile, 'utf8')));
  } catch {
    return null;
  }
}

function heldBy(holder: ProcessIdentity, lockFile: string): PipelineError {
  return new PipelineError(
    'Conflict',
    `process ${holder.pid} holds ${basename(lockFile)}: it is starting, stopping or installing; wait until it is done, then try again`,
    { pid: holder.pid, lockFile },
  );
}
