import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { refresh } from './cognito.ts';

/** `sign-in.json` in the data folder, mode 0600: one sign-in at a time. */
export const SignIn = z.strictObject({
  schemaVersion: z.literal(1),
  user: z.string(),
  apiUrl: z.string(),
  endpoint: z.string(),
  clientId: z.string(),
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresAt: z.string(),
});
export type SignIn = z.infer<typeof SignIn>;

const fileOf = (dataFolder: string): string => join(dataFolder, 'sign-in.json');
/** A token is renewed this long before it runs out. */
const MARGIN_MS = 60_000;

export function readSignIn(dataFolder: string): SignIn | null {
  try {
    return SignIn.parse(JSON.parse(readFileSync(fileOf(dataFolder), 'utf8')));
  } catch {
    return null;
  }
}

export function writeSignIn(dataFolder: string, signIn: SignIn): void {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const scratch = `${fileOf(dataFolder)}.${process.pid}.tmp`;
  writeFileSync(scratch, JSON.stringify(signIn, null, 2), { mode: 0o600 });
  chmodSync(scratch, 0o600);
  renameSync(scratch, fileOf(dataFolder));
}

export function removeSignIn(dataFolder: string): void {
  rmSync(fileOf(dataFolder), { force: true });
}

/**
 * The API as the signed-in user; the token is renewed and cached again when it runs out.
 *
 * @throws Unauthenticated when nobody is signed in.
 */
export function signedInClient(dataFolder: string): ApiClient {
  const signIn = readSignIn(dataFolder);
  if (signIn === null) {
    throw new PipelineError('Unauthenticated', 'nobody is signed in here; run `contourflow login` first');
  }
  let current = signIn;
  return createApiClient(signIn.apiUrl, async () => {
    if (Date.parse(current.expiresAt) - Date.now() < MARGIN_MS) {
      current = { ...current, ...(await refresh(current, current.refreshToken)) };
      writeSignIn(dataFolder, current);
    }
    return current.accessToken;
  });
}
