import { spawn } from 'node:child_process';
import { CHECKOUT, NODE } from '../../local/machine/layout.ts';

/**
 * Runs a program to its end, as an unprivileged caller would: without the environment of this process.
 *
 * @returns what it wrote to standard output.
 * @throws Error with the end of its standard error, when it fails.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment };
    const child = spawn(program, args, { cwd: CHECKOUT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${err.slice(-2_000)}`));
    });
  });
}

export function runNode(
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
): Promise<string> {
  return runProgram(NODE, args, environment);
}
