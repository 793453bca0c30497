import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Terminal } from '../../../src/cli/ask-on-terminal.ts';
import type { CliEnvironment } from '../../../src/cli/environment.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { writeSignIn } from '../../../src/cli/sign-in-file.ts';

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export function newDataFolder(): string {
  return mkdtempSync(join(tmpdir(), 'contourflow-cli-'));
}

/** A data folder in which someone is signed in at `url`. */
export function signedInFolder(url: string, expiresInMs = 3_600_000): string {
  const folder = newDataFolder();
  writeSignIn(folder, {
    schemaVersion: 1,
    user: 'owner',
    apiUrl: url,
    endpoint: url,
    clientId: 'client',
    accessToken: 'token-1',
    refreshToken: 'refresh-1',
    expiresAt: new Date(Date.now() + expiresInMs).toISOString(),
  });
  return folder;
}

/** No terminal: nobody is there to answer a question. */
function nobody(): Terminal {
  return { input: new PassThrough(), output: new PassThrough() };
}

/** Runs one command line in this process and catches what it writes. */
export async function runCli(
  args: readonly string[],
  dataFolder = newDataFolder(),
  around: Partial<CliEnvironment> & { readonly terminal?: Terminal } = {},
): Promise<CliResult> {
  const { terminal = nobody(), ...environment } = around;
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram(
    args,
    { dataFolder, project: null, password: null, region: null, plain: true, variables: {}, ...environment },
    { out: (text) => out.push(text), err: (text) => err.push(text), terminal },
  );
  return { code, out: out.join('\n'), err: err.join('\n') };
}
