import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { childEnvironment } from '../../local/machine/environment.ts';
import { CHECKOUT } from '../../local/machine/layout.ts';
import { FOLDER } from './machine.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `bin/contourflow` as a person would, with the machine's data folder. */
export function contourflow(...args: string[]): Promise<CommandResult> {
  const child = spawn(join(CHECKOUT, 'bin/contourflow'), ['--data', FOLDER.root, ...args], {
    cwd: CHECKOUT,
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
