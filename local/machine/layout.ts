import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout this file lies in. */
export const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Where everything of one local machine lies: the user's data folder, nothing outside it and the checkout. */
export interface DataFolder {
  readonly root: string;
  readonly machineFile: string;
  readonly lockFile: string;
  /** Local users and their passwords, and the archive's secrets; mode 0600. */
  readonly secretsFile: string;
  readonly logs: string;
  readonly emulatorState: string;
  readonly xnatState: string;
  /** The XNAT stand-in's own secrets; mode 0600. */
  readonly xnatConfig: string;
  /** Scratch space of training jobs. */
  readonly jobs: string;
  readonly assembly: string;
  /** Optional: a partial DeploymentConfig (`infra/config.ts`) for this machine, such as another batchVoxelThreshold. */
  readonly deploymentConfig: string;
}

export function dataFolder(root: string): DataFolder {
  const absolute = resolve(root);
  return {
    root: absolute,
    machineFile: join(absolute, 'machine.json'),
    lockFile: join(absolute, 'machine.lock'),
    secretsFile: join(absolute, 'secrets.json'),
    logs: join(absolute, 'logs'),
    emulatorState: join(absolute, 'emulator'),
    xnatState: join(absolute, 'xnat'),
    xnatConfig: join(absolute, 'xnat.config.json'),
    jobs: join(absolute, 'jobs'),
    assembly: join(absolute, 'cdk.out'),
    deploymentConfig: join(absolute, 'deployment.json'),
  };
}

export const emulatorVenv = join(CHECKOUT, 'local/emulator/.venv');
export const trainerVenv = join(CHECKOUT, 'trainer/.venv');

/** A program of a virtual environment. */
export function venvProgram(venv: string, name: string): string {
  return join(venv, 'bin', name);
}

/** Node 24 of the checkout's devDependency, whatever Node the system has. */
export const NODE = join(CHECKOUT, 'node_modules/.bin/node');
