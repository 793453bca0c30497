import { endOrphanedJobs } from './end-orphans.ts';
import type { DataFolder } from './layout.ts';
import { type MachineFile, readMachineFile, writeMachineFile } from './machine-file.ts';
import { withLock } from './machine-lock.ts';
import { stopProcess } from './stop-process.ts';

export interface Down {
  /** What became of each server: `gone` when it did not run. */
  readonly servers: Readonly<Record<string, 'gone' | 'terminated' | 'killed'>>;
}

/** Time the emulator gets to stop its jobs, save its state and end. */
const EMULATOR_GRACE_MS = 45_000;

/** Stops what `up` started, by recorded pid and start time, and nothing else. The state stays. */
export async function down(folder: DataFolder): Promise<Down> {
  const stop = async (): Promise<Down> => {
    const machine = await readMachineFile(folder);
    if (machine === null) return { servers: {} };
    const { emulator, xnat } = machine.processes;
    const [emulatorEnd, xnatEnd] = await Promise.all([end(emulator, EMULATOR_GRACE_MS), end(xnat, 10_000)]);
    await endOrphanedJobs(folder);
    await writeMachineFile(folder, { ...machine, processes: { emulator: null, xnat: null } });
    return { servers: { emulator: emulatorEnd, xnat: xnatEnd } };
  };
  return withLock(folder.lockFile, stop, 60_000);
}

function end(
  owned: MachineFile['processes']['emulator'],
  graceMs: number,
): Promise<'gone' | 'terminated' | 'killed'> {
  return owned === null ? Promise.resolve('gone') : stopProcess(owned, { graceMs });
}
