import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { DataFolder } from './layout.ts';

/** `secrets.json`, mode 0600: random per machine, made once. */
export const Secrets = z.strictObject({
  schemaVersion: z.literal(1),
  users: z.array(
    z.strictObject({ name: z.string(), password: z.string(), admin: z.boolean(), purpose: z.string() }),
  ),
  archive: z.strictObject({ username: z.string(), password: z.string(), webhookSecret: z.string() }),
});
export type Secrets = z.infer<typeof Secrets>;
export type LocalUser = Secrets['users'][number];

/** People of the local machine; roles in a project are given by the project. */
const USERS = [
  { name: 'admin', admin: true, purpose: 'site admin' },
  { name: 'owner', admin: false, purpose: 'owner of the demo project' },
  { name: 'member', admin: false, purpose: 'member of the demo project' },
  { name: 'collaborator', admin: false, purpose: 'collaborator of the demo project' },
] as const;

/** Reads the machine's secrets; makes them on first use. */
export async function ensureSecrets(folder: DataFolder): Promise<Secrets> {
  const existing = await readJsonFile(folder.secretsFile, Secrets);
  if (existing !== null) return existing;
  const secrets = newSecrets();
  await writeJsonFile(folder.secretsFile, secrets, 0o600);
  return secrets;
}

export function readSecrets(folder: DataFolder): Promise<Secrets | null> {
  return readJsonFile(folder.secretsFile, Secrets);
}

function newSecrets(): Secrets {
  return {
    schemaVersion: 1,
    users: USERS.map((user) => ({ ...user, password: newPassword() })),
    archive: {
      username: 'admin',
      password: newPassword(),
      // Standard Webhooks: "whsec_" and 24 to 64 random bytes in base64.
      webhookSecret: `whsec_${randomBytes(32).toString('base64')}`,
    },
  };
}

/** Random, and with the four kinds of characters that the user pool's password policy asks for. */
function newPassword(): string {
  return `Cf1-${randomBytes(15).toString('base64url')}`;
}
