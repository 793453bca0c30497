import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  type CognitoIdentityProviderClient,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';
import { ADMIN_GROUP } from '../../src/contracts/parameters.ts';
import { cognitoClient } from './aws-clients.ts';
import type { MachineFile } from './machine-file.ts';
import type { LocalUser, Secrets } from './secrets-file.ts';

/** Creates the machine's users in its Cognito pool, as an admin would; existing ones keep their password. */
export async function createLocalUsers(
  machine: MachineFile,
  userPoolId: string,
  { users }: Secrets,
): Promise<void> {
  const client = cognitoClient(machine);
  for (const user of users) await createUser(client, userPoolId, user);
}

async function createUser(
  client: CognitoIdentityProviderClient,
  pool: string,
  user: LocalUser,
): Promise<void> {
  const who = { UserPoolId: pool, Username: user.name };
  try {
    await client.send(
      new AdminCreateUserCommand({ ...who, MessageAction: 'SUPPRESS', TemporaryPassword: user.password }),
    );
  } catch (error) {
    if (!(error instanceof UsernameExistsException)) throw error;
  }
  await client.send(new AdminSetUserPasswordCommand({ ...who, Password: user.password, Permanent: true }));
  if (user.admin) await client.send(new AdminAddUserToGroupCommand({ ...who, GroupName: ADMIN_GROUP }));
}
