import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, type DataFolder } from './layout.ts';
import { readMachineFile } from './machine-file.ts';
import { isAlive } from './process-identity.ts';
import { readSecrets } from './secrets-file.ts';
import { answers } from './servers.ts';

interface ServerStatus {
  readonly state: 'running' | 'not answering' | 'stopped';
  readonly pid: number | null;
  readonly port: number;
  readonly url: string;
}

export interface MachineStatus {
  readonly dataFolder: string;
  readonly state: 'up' | 'down' | 'never started';
  readonly servers: Readonly<Record<string, ServerStatus>>;
  readonly deployment: { readonly digest: string; readonly deployedAt: string } | null;
  readonly dashboardUrl: string | null;
  readonly apiUrl: string | null;
  readonly xnatUrl: string | null;
  readonly users: readonly { name: string; password: string; purpose: string }[];
  readonly xnatUser: { readonly name: string; readonly password: string } | null;
  readonly versions: Readonly<Record<string, string>>;
}

/** What runs, where, since which deployment, and who can sign in. Changes nothing. */
export async function status(folder: DataFolder): Promise<MachineStatus> {
  const machine = await readMachineFile(folder);
  const secrets = await readSecrets(folder);
  const versions = { contourflow: packageVersion(), node: process.version };
  const who = {
    users: secrets?.users.map(({ name, password, purpose }) => ({ name, password, purpose })) ?? [],
    xnatUser: secrets && { name: secrets.archive.username, password: secrets.archive.password },
  };
  const nothing = { deployment: null, dashboardUrl: null, apiUrl: null, xnatUrl: null, servers: {} };
  if (machine === null) {
    return { dataFolder: folder.root, state: 'never started', ...nothing, ...who, versions };
  }
  const xnatUrl = `http://127.0.0.1:${machine.ports.xnat}`;
  const [emulator, xnat] = await Promise.all([
    serverStatus(
      machine.processes.emulator,
      machine.ports.emulator,
      `${machine.aws.endpoint}/_ministack/health`,
    ),
    serverStatus(machine.processes.xnat, machine.ports.xnat, `${xnatUrl}/`),
  ]);
  const isUp = emulator.state === 'running' && xnat.state === 'running';
  return {
    dataFolder: folder.root,
    state: isUp ? 'up' : 'down',
    servers: { emulator, xnat },
    deployment: machine.deployment && {
      digest: machine.deployment.digest,
      deployedAt: machine.deployment.deployedAt,
    },
    dashboardUrl: machine.deployment?.webUrl ?? null,
    apiUrl: machine.deployment?.apiUrl ?? null,
    xnatUrl,
    ...who,
    versions,
  };
}

async function serverStatus(
  owned: { pid: number; started: string } | null,
  port: number,
  healthUrl: string,
): Promise<ServerStatus> {
  const url = new URL(healthUrl).origin;
  if (owned === null || !isAlive(owned)) return { state: 'stopped', pid: null, port, url };
  const state = (await answers(healthUrl)) ? 'running' : 'not answering';
  return { state, pid: owned.pid, port, url };
}

function packageVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
  return (parsed as { version: string }).version;
}
