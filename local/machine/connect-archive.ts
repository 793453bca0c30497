import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { ARCHIVE_SECRET_PREFIX, PARAMETERS } from '../../src/contracts/parameters.ts';
import { secretsClient, ssmClient } from './aws-clients.ts';
import type { MachineFile } from './machine-file.ts';
import type { Secrets } from './secrets-file.ts';

/** Archive id of the local XNAT stand-in. */
export const LOCAL_ARCHIVE_ID = 'xnat';

/** Does what an operator does to connect an XNAT: one parameter with its address, one secret to sign in with. */
export async function connectArchive(machine: MachineFile, secrets: Secrets): Promise<void> {
  const baseUrl = `http://127.0.0.1:${machine.ports.xnat}`;
  await Promise.all([
    ssmClient(machine).send(
      new PutParameterCommand({
        Name: `${PARAMETERS.archives}/${LOCAL_ARCHIVE_ID}`,
        Value: JSON.stringify({ baseUrl }),
        Type: 'String',
        Overwrite: true,
      }),
    ),
    putSecret(machine, `${ARCHIVE_SECRET_PREFIX}${LOCAL_ARCHIVE_ID}`, JSON.stringify(secrets.archive)),
  ]);
}

async function putSecret(machine: MachineFile, name: string, text: string): Promise<void> {
  const client = secretsClient(machine);
  try {
    await client.send(new CreateSecretCommand({ Name: name, SecretString: text }));
  } catch (error) {
    if (!(error instanceof ResourceExistsException)) throw error;
    await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
  }
}
