import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DataFolder } from './layout.ts';
import { ProcessIdentity } from './process-identity.ts';
import { stopProcess } from './stop-process.ts';

/** `processes.json` of the emulator: job id -> the host process that runs it. */
const JobProcesses = z.record(z.string(), ProcessIdentity);

/**
 * Ends the training jobs that a killed emulator left running: found by recorded pid and start time, so that
 * no stranger is ever ended. The record itself stays: from it the emulator marks the jobs as failed when it
 * starts, and sends the events that were missed.
 *
 * @returns how many still ran.
 */
export async function endOrphanedJobs(folder: DataFolder): Promise<number> {
  const jobs = await readJobProcesses(folder);
  const ended = await Promise.all(
    Object.values(jobs).map((owned) => stopProcess(owned, { graceMs: 30_000, group: true })),
  );
  return ended.filter((outcome) => outcome !== 'gone').length;
}

async function readJobProcesses(folder: DataFolder): Promise<Record<string, ProcessIdentity>> {
  const path = join(folder.emulatorState, 'batch/processes.json');
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const parsed = JobProcesses.safeParse(JSON.parse(text || '{}'));
  if (!parsed.success) await rm(path, { force: true });
  return parsed.data ?? {};
}
