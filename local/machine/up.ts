import { mkdirSync } from 'node:fs';
import { PipelineError } from '../../src/contracts/errors.ts';
import { ensureDashboard } from './build-dashboard.ts';
import { connectArchive } from './connect-archive.ts';
import { deployIfChanged } from './deploy.ts';
import { endOrphanedJobs } from './end-orphans.ts';
import type { DataFolder } from './layout.ts';
import { createLocalUsers } from './local-users.ts';
import { type MachineFile, newMachine, readMachineFile, writeMachineFile } from './machine-file.ts';
import { withLock } from './machine-lock.ts';
import { chooseFreePorts, isPortFree } from './ports.ts';
import { isAlive } from './process-identity.ts';
import { ensureVenv } from './python-venv.ts';
import { waitUntil } from './run-command.ts';
import { ensureSecrets, type Secrets } from './secrets-file.ts';
import { answers, emulatorServer, type Server, startServer, writeXnatConfig, xnatServer } from './servers.ts';
import { stopProcess } from './stop-process.ts';

export interface UpOptions {
  /** One line for a person, as each step begins. */
  readonly report: (line: string) => void;
  /** Do not wait for the trainer's Python packages; the caller does so before the first job. */
  readonly trainerLater?: boolean;
}

export interface Up {
  readonly machine: MachineFile;
  readonly secrets: Secrets;
  /** Whether the stacks had to be deployed. */
  readonly deployed: boolean;
  readonly seconds: number;
}

/**
 * Brings the local machine up: Python environments, emulator, XNAT stand-in, the deployed stacks, users.
 * Whatever runs or is unchanged already is left as it is; calling it twice is calling it once.
 */
export async function up(folder: DataFolder, options: UpOptions): Promise<Up> {
  const began = performance.now();
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  return withLock(folder.lockFile, async () => {
    const trainer = inTheBackground(ensureVenv('trainer', options.report));
    const dashboard = inTheBackground(ensureDashboard(folder, options.report));
    await ensureVenv('emulator', options.report);
    const secrets = await ensureSecrets(folder);
    await writeXnatConfig(folder, secrets);
    const running = await startServers(folder, options.report);
    await dashboard;
    const { machine, deployed } = await deployIfChanged(folder, running, options.report);
    if (deployed) {
      await prepareDeployment(machine, secrets);
      await writeMachineFile(folder, machine);
    }
    if (options.trainerLater !== true) await trainer;
    return { machine, secrets, deployed, seconds: (performance.now() - began) / 1000 };
  });
}

/** Its failure is reported where it is awaited; not as an unhandled rejection meanwhile. */
function inTheBackground<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** What an operator does once after a deployment: connect the archive, create users. */
async function prepareDeployment(machine: MachineFile, secrets: Secrets): Promise<void> {
  if (machine.deployment === null) throw new PipelineError('InternalError', 'nothing is deployed');
  await connectArchive(machine, secrets);
  await createLocalUsers(machine, machine.deployment.userPoolId, secrets);
}

async function startServers(folder: DataFolder, report: UpOptions['report']): Promise<MachineFile> {
  const known = (await readMachineFile(folder)) ?? newMachine(await choosePorts());
  const emulator = await ensureRunning(folder, known, emulatorServer(folder, known), async () => {
    const ended = await endOrphanedJobs(folder);
    if (ended > 0) report(`Ended ${ended} job(s) that an emulator which was killed had left running`);
    report('Starting the local AWS emulator ...');
  });
  return ensureRunning(folder, emulator, xnatServer(folder, emulator), async () => {
    report('Starting the XNAT stand-in ...');
  });
}

async function choosePorts(): Promise<MachineFile['ports']> {
  const [emulator = 0, web = 0, xnat = 0] = await chooseFreePorts(3);
  return { emulator, web, xnat };
}

/** Leaves a server alone that runs and answers; starts it otherwise and records its process. */
async function ensureRunning(
  folder: DataFolder,
  machine: MachineFile,
  server: Server,
  beforeStart: () => Promise<void>,
): Promise<MachineFile> {
  const owned = machine.processes[server.name];
  if (owned !== null && isAlive(owned)) {
    if (await answers(server.healthUrl)) return machine;
    await stopProcess(owned, { group: true });
  }
  await requireFreePorts(machine, server);
  await beforeStart();
  const started = await startServer(server);
  const next = { ...machine, processes: { ...machine.processes, [server.name]: started } };
  await writeMachineFile(folder, next);
  return next;
}

/** The threads of a killed server hold its sockets a moment longer than the process seems to live. */
const PORT_RELEASE_MS = 10_000;

async function requireFreePorts({ ports }: MachineFile, { name }: Server): Promise<void> {
  const needed = name === 'emulator' ? [ports.emulator, ports.web] : [ports.xnat];
  for (const port of needed) {
    if (await waitUntil(() => isPortFree(port), { timeoutMs: PORT_RELEASE_MS })) continue;
    throw new PipelineError(
      'Conflict',
      `port ${port} of the ${name} is taken by another program; end that program, or use another data folder ` +
        'with --data, which gets ports of its own',
      { port },
    );
  }
}
