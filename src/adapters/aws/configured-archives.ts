import {
  GetParameterCommand,
  GetParametersByPathCommand,
  ParameterNotFound,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { z } from 'zod';
import { PipelineError } from '../../contracts/errors.ts';
import type { ImagingArchive } from '../../ports/archive.ts';
import type { Archives } from '../../ports/index.ts';
import type { ArchiveSecrets } from './archive-secrets.ts';

const ArchiveParameter = z.object({ baseUrl: z.url({ protocol: /^https?$/ }) });

export type OpenArchive = (settings: {
  baseUrl: string;
  username: string;
  password: string;
}) => ImagingArchive;

/** XNATs by id: address from SSM below `path`, sign-in from Secrets Manager. Nothing else is ever called. */
export function createConfiguredArchives(options: {
  client: SSMClient;
  path: string;
  secrets: Pick<ArchiveSecrets, 'credentials'>;
  openArchive: OpenArchive;
}): Archives {
  const { client, path, secrets, openArchive } = options;
  return {
    async open(archiveId) {
      const [{ baseUrl }, { username, password }] = await Promise.all([
        readAddress(client, path, archiveId),
        secrets.credentials(archiveId),
      ]);
      return openArchive({ baseUrl, username, password });
    },
    ids: () => listArchiveIds(client, path),
  };
}

async function readAddress(client: SSMClient, path: string, archiveId: string): Promise<{ baseUrl: string }> {
  const Name = `${path}/${archiveId}`;
  const value = await readParameter(client, Name, archiveId);
  const parsed = ArchiveParameter.safeParse(parseJson(value));
  if (parsed.success) return parsed.data;
  throw new PipelineError(
    'ConfigurationError',
    `parameter ${Name} must be {"baseUrl": "https://..."}; write it again`,
    { archiveId },
  );
}

async function readParameter(client: SSMClient, Name: string, archiveId: string): Promise<string> {
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name }));
    return Parameter?.Value ?? '';
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
    const message = `there is no archive "${archiveId}": parameter ${Name} is missing; configure it first`;
    throw new PipelineError('NotFound', message, { archiveId }, { cause: error });
  }
}

async function listArchiveIds(client: SSMClient, path: string): Promise<string[]> {
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new GetParametersByPathCommand({ Path: path, NextToken }));
    ids.push(...(page.Parameters ?? []).map(({ Name = '' }) => Name.slice(path.length + 1)));
    NextToken = page.NextToken;
  } while (NextToken);
  return ids;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
