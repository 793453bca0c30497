import { type ApiClient, createApiClient } from '../../src/cli/api-client.ts';
import { refresh, type SignInTarget, signIn, type Tokens } from '../../src/cli/cognito.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { Up } from '../machine/up.ts';

/** The API as each of the demo's people sees it. */
export interface People {
  readonly admin: ApiClient;
  readonly owner: ApiClient;
  readonly member: ApiClient;
}

/** Signs everyone in through the user pool, as the dashboard and the CLI do. */
export async function signInPeople(machine: Up): Promise<People> {
  const [admin, owner, member] = await Promise.all(
    ['admin', 'owner', 'member'].map((name) => clientOf(machine, name)),
  );
  if (!admin || !owner || !member)
    throw new PipelineError('InternalError', 'a user of the machine is missing');
  return { admin, owner, member };
}

async function clientOf({ machine, secrets }: Up, name: string): Promise<ApiClient> {
  const { deployment } = machine;
  const user = secrets.users.find((one) => one.name === name);
  if (deployment === null || user === undefined) {
    throw new PipelineError('NotFound', `the machine has no user ${name}; run \`contourflow up\` again`);
  }
  const target = { endpoint: machine.aws.endpoint, clientId: deployment.userPoolClientId };
  return signedInAs(target, deployment.apiUrl, user);
}

/** The API as one user; the token is renewed while a training runs. */
export async function signedInAs(
  target: SignInTarget,
  apiUrl: string,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<ApiClient> {
  let tokens: Tokens = await signIn(target, name, password, async () => password);
  return createApiClient(apiUrl, async () => {
    if (Date.parse(tokens.expiresAt) - Date.now() < 60_000)
      tokens = await refresh(target, tokens.refreshToken);
    return tokens.accessToken;
  });
}
