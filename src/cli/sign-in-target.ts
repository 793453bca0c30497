import { z } from 'zod';
import { dataFolder } from '../../local/machine/layout.ts';
import { readMachineFile } from '../../local/machine/machine-file.ts';
import { readSecrets } from '../../local/machine/secrets-file.ts';
import { PipelineError } from '../contracts/errors.ts';
import type { SignInTarget } from './cognito.ts';

export interface KnownTarget extends SignInTarget {
  readonly apiUrl: string;
  readonly knownPassword: string | null;
}

/** `config.json` at the dashboard's address: what the browser and the CLI need to sign in. */
const WebConfig = z.object({
  userPoolClientId: z.string(),
  /** Absolute, or a path of the dashboard's own origin. */
  cognitoUrl: z.string(),
});

/** The machine of a data folder. */
export async function localTarget(root: string, user: string): Promise<KnownTarget> {
  const folder = dataFolder(root);
  const machine = await readMachineFile(folder);
  if (!machine?.deployment) {
    throw new PipelineError(
      'NotFound',
      `${folder.root} holds no local machine; run \`contourflow up\`, or give the address of a deployment with --url`,
    );
  }
  const secrets = await readSecrets(folder);
  return {
    apiUrl: machine.deployment.apiUrl,
    endpoint: machine.aws.endpoint,
    clientId: machine.deployment.userPoolClientId,
    knownPassword: secrets?.users.find(({ name }) => name === user)?.password ?? null,
  };
}

/** A deployment in AWS, by the address of its dashboard. */
export async function remoteTarget(address: string): Promise<KnownTarget> {
  const apiUrl = new URL(address).origin;
  const response = await fetch(`${apiUrl}/config.json`, { signal: AbortSignal.timeout(30_000) }).catch(
    (cause) => {
      throw new PipelineError('UpstreamError', `${apiUrl} does not answer; check the address`, {}, { cause });
    },
  );
  const config = WebConfig.safeParse(await response.json().catch(() => null));
  if (!config.success) {
    throw new PipelineError(
      'UpstreamError',
      `${apiUrl}/config.json does not name a user pool; give the address of the dashboard`,
      { status: response.status },
    );
  }
  const { cognitoUrl, userPoolClientId } = config.data;
  const endpoint = new URL(cognitoUrl, apiUrl).href;
  return { apiUrl, endpoint, clientId: userPoolClientId, knownPassword: null };
}
