import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** What the doctor asks of the world. */
export interface Probe {
  /** Standard output of a program. @throws Error when it is not there or fails. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** Of the disk that holds a folder, also of one that is yet to be made. */
  freeBytes(folder: string): Promise<number>;
  isPortFree(port: number): Promise<boolean>;
}

const TIMEOUT_MS = 30_000;
const execute = promisify(execFile);

/** @param variables - for the programs: PATH, and the credentials of AWS. */
export function systemProbe(variables: Readonly<Record<string, string | undefined>>): Probe {
  return {
    run: async (program, args) =>
      (await execute(program, [...args], { env: { ...variables }, timeout: TIMEOUT_MS })).stdout,
    freeBytes: async (folder) => {
      const { bavail, bsize } = await statfs(existingPart(folder));
      return bavail * bsize;
    },
    isPortFree,
  };
}

function existingPart(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existingPart(dirname(folder));
}

function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
