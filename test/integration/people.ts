import { signedInAs } from '../../local/demo/people.ts';
import type { ApiClient } from '../../src/cli/api-client.ts';
import type { Machine } from './machine.ts';

export type Person = 'admin' | 'owner' | 'member' | 'collaborator';

/** The API as one of the machine's people sees it, signed in through the user pool. */
export function signInAs({ machine, secrets }: Machine, name: Person): Promise<ApiClient> {
  const user = secrets.users.find((one) => one.name === name);
  const { deployment } = machine;
  if (!deployment || !user) throw new Error(`the machine has no user ${name}`);
  const target = { endpoint: machine.aws.endpoint, clientId: deployment.userPoolClientId };
  return signedInAs(target, deployment.apiUrl, user);
}
