import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { PipelineError } from '../../contracts/errors.ts';
import type { Clock, SecretReader } from '../../ports/index.ts';

const CACHE_MS = 5 * 60 * 1000;
/** A secret that did not help is read again at most this often, so that bad signatures cannot cause a flood of reads. */
const REFRESH_MS = 10 * 1000;

const ArchiveSecret = z.object({
  username: z.string().min(1),
  password: z.string().min(1),
  webhookSecret: z.string().min(1),
});
export type ArchiveSecret = z.infer<typeof ArchiveSecret>;

export interface ArchiveSecrets extends SecretReader {
  /** What to sign in to the archive with. @throws NotFound, ConfigurationError */
  credentials(archiveId: string): Promise<ArchiveSecret>;
}

interface Cached {
  readonly readAt: number;
  readonly current: ArchiveSecret;
  readonly previous: ArchiveSecret | null;
}

/**
 * Secrets `<prefix><archive id>` with both stages of a rotation, kept for five minutes.
 *
 * Secrets Manager creates AWSPREVIOUS on the first rotation, so its absence is normal.
 */
export function createArchiveSecrets(options: {
  client: SecretsManagerClient;
  prefix: string;
  clock: Clock;
}): ArchiveSecrets {
  const { client, prefix, clock } = options;
  const cache = new Map<string, Cached>();

  async function read(archiveId: string, maxAgeMs: number): Promise<Cached> {
    const now = clock.now().getTime();
    const known = cache.get(archiveId);
    if (known && now - known.readAt < maxAgeMs) return known;
    const secretId = `${prefix}${archiveId}`;
    const [current, previous] = await Promise.all([
      readStage(client, secretId, 'AWSCURRENT'),
      readStage(client, secretId, 'AWSPREVIOUS'),
    ]);
    if (!current) throw unknownArchive(archiveId);
    const fresh = { readAt: now, current, previous };
    cache.set(archiveId, fresh);
    return fresh;
  }

  const secretsOf = ({ current, previous }: Cached): string[] => [
    ...new Set([current.webhookSecret, ...(previous ? [previous.webhookSecret] : [])]),
  ];

  return {
    webhookSecrets: async (archiveId, options = {}) =>
      secretsOf(await read(archiveId, options.refresh ? REFRESH_MS : CACHE_MS)),
    credentials: async (archiveId) => (await read(archiveId, CACHE_MS)).current,
  };
}

async function readStage(
  client: SecretsManagerClient,
  SecretId: string,
  VersionStage: 'AWSCURRENT' | 'AWSPREVIOUS',
): Promise<ArchiveSecret | null> {
  try {
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId, VersionStage }));
    return parseSecret(SecretString, SecretId);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}

function parseSecret(text: string, secretId: string): ArchiveSecret {
  const parsed = ArchiveSecret.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new PipelineError(
    'ConfigurationError',
    `secret ${secretId} must be JSON with non-empty username, password and webhookSecret; store it again`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unknownArchive(archiveId: string): PipelineError {
  return new PipelineError(
    'NotFound',
    `there is no archive "${archiveId}"; configure it with its address and its secret first`,
    { archiveId },
  );
}
