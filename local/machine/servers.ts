import { join } from 'node:path';
import { PipelineError } from '../../src/contracts/errors.ts';
import { LOCAL_ARCHIVE_ID } from './connect-archive.ts';
import { childEnvironment } from './environment.ts';
import { writeJsonFile } from './json-file.ts';
import { CHECKOUT, type DataFolder, emulatorVenv, NODE, trainerVenv, venvProgram } from './layout.ts';
import type { MachineFile } from './machine-file.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { type Command, startDaemon, tailOf, waitUntil } from './run-command.ts';
import type { Secrets } from './secrets-file.ts';
import { stopProcess } from './stop-process.ts';

const START_TIMEOUT_MS = 60_000;

type ServerName = keyof MachineFile['processes'];

/** How a server of this machine is started and how one sees that it is up. */
export interface Server {
  readonly name: ServerName;
  readonly command: Command;
  readonly healthUrl: string;
}

export function emulatorServer(folder: DataFolder, machine: MachineFile): Server {
  return {
    name: 'emulator',
    healthUrl: `${machine.aws.endpoint}/_ministack/health`,
    command: {
      program: venvProgram(emulatorVenv, 'python'),
      args: ['-m', 'contourflow_emulator'],
      cwd: CHECKOUT,
      logFile: join(folder.logs, 'emulator.log'),
      env: {
        ...childEnvironment(),
        PYTHONPATH: join(CHECKOUT, 'local/emulator'),
        PYTHONUNBUFFERED: '1',
        CONTOURFLOW_EMULATOR_PORT: String(machine.ports.emulator),
        CONTOURFLOW_WEB_PORT: String(machine.ports.web),
        CONTOURFLOW_STATE_DIR: folder.emulatorState,
        BATCH_LOCAL_IMAGES: JSON.stringify(localImages(folder)),
      },
    },
  };
}

/** The two container images as host processes: the same commands, run from the checkout. */
function localImages(folder: DataFolder): Record<string, unknown> {
  const trainerBin = join(trainerVenv, 'bin');
  return {
    'contourflow/trainer': {
      cwd: CHECKOUT,
      env: {
        PATH: `${trainerBin}:${childEnvironment().PATH}`,
        PYTHONPATH: join(CHECKOUT, 'trainer/src'),
        PYTHONUNBUFFERED: '1',
        CONTOURFLOW_WORK_DIR: folder.jobs,
      },
    },
    'contourflow/stage-runner': { cwd: CHECKOUT, env: { PATH: childEnvironment().PATH } },
  };
}

export function xnatServer(folder: DataFolder, machine: MachineFile): Server {
  return {
    name: 'xnat',
    healthUrl: `http://127.0.0.1:${machine.ports.xnat}/`,
    command: {
      program: NODE,
      args: [
        join(CHECKOUT, 'local/xnat/main.ts'),
        ...['--data', folder.xnatState],
        ...['--config', folder.xnatConfig],
        ...['--port', String(machine.ports.xnat)],
      ],
      cwd: CHECKOUT,
      logFile: join(folder.logs, 'xnat.log'),
      env: childEnvironment(),
    },
  };
}

/** What the stand-in signs its webhooks with, and who may sign in to it. */
export function writeXnatConfig(folder: DataFolder, { archive }: Secrets): Promise<void> {
  const config = {
    adminUser: archive.username,
    adminPassword: archive.password,
    hooks: { archiveId: LOCAL_ARCHIVE_ID, secret: archive.webhookSecret },
  };
  return writeJsonFile(folder.xnatConfig, config, 0o600);
}

/**
 * Starts a server and waits until it answers.
 *
 * @throws InternalError with the end of its log when it does not come up; nothing is left running then.
 */
export async function startServer(server: Server): Promise<ProcessIdentity> {
  const owned = await startDaemon(server.command);
  const alive = (): boolean => isAlive(owned);
  if (await waitUntil(() => answers(server.healthUrl), { timeoutMs: START_TIMEOUT_MS, alive })) return owned;
  const how = alive() ? `did not answer within ${START_TIMEOUT_MS / 1000} s` : 'ended while starting';
  await stopProcess(owned, { graceMs: 2_000, group: true });
  throw new PipelineError('InternalError', `the ${server.name} ${how}; ${tailOf(server.command.logFile)}`, {
    server: server.name,
    logFile: server.command.logFile,
  });
}

/** Whether anything at all answers there; a server that asks for a sign-in is up. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000), redirect: 'manual' });
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}
