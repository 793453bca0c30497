import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from '../../../local/machine/layout.ts';
import { readMachineFile } from '../../../local/machine/machine-file.ts';
import { isAlive, ProcessIdentity } from '../../../local/machine/process-identity.ts';

/** What a power cut does to the emulator: SIGKILL, without a word. Its jobs go on as orphans. */
export async function killEmulator(folder: DataFolder): Promise<void> {
  const owned = (await readMachineFile(folder))?.processes.emulator ?? null;
  if (owned === null || !isAlive(owned)) throw new Error(`no emulator runs in ${folder.root}`);
  process.kill(owned.pid, 'SIGKILL');
  await ended(owned);
}

/** Host processes of the Batch jobs that run now, by job id. */
export async function runningJobs(folder: DataFolder): Promise<Record<string, ProcessIdentity>> {
  const path = join(folder.emulatorState, 'batch/processes.json');
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const recorded = Object.entries(JSON.parse(text) as Record<string, unknown>);
  const jobs = recorded.map(([id, entry]) => [id, ProcessIdentity.parse(entry)] as const);
  return Object.fromEntries(jobs.filter(([, owned]) => isAlive(owned)));
}

/**
 * Waits until a job runs and kills it as a lost host would: the whole process group, with SIGKILL.
 *
 * @returns the id of the job.
 */
export async function killRunningJob(folder: DataFolder, timeoutMs: number): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const [first] = Object.entries(await runningJobs(folder));
    if (first !== undefined) {
      const [id, owned] = first;
      process.kill(-owned.pid, 'SIGKILL');
      await ended(owned);
      return id;
    }
    await sleep(100);
  }
  throw new Error(`no Batch job ran within ${timeoutMs} ms`);
}

async function ended(owned: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (isAlive(owned) && Date.now() < deadline) await sleep(20);
  if (isAlive(owned)) throw new Error(`process ${owned.pid} still runs after SIGKILL`);
}
