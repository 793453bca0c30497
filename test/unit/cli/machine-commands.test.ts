import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { dataFolder } from '../../../local/machine/layout.ts';
import { newMachine, readMachineFile, writeMachineFile } from '../../../local/machine/machine-file.ts';
import { ensureSecrets } from '../../../local/machine/secrets-file.ts';
import { generatePhantom, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import { askOnTerminal } from '../../../src/cli/ask-on-terminal.ts';
import { readEnvironment } from '../../../src/cli/environment.ts';
import { readSignIn } from '../../../src/cli/sign-in-file.ts';
import { type LocalServer, startServer } from './local-server.ts';
import { newDataFolder, runCli } from './run-cli.ts';

let server: LocalServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** A data folder whose machine is deployed at `url`, with nothing running. */
async function deployedFolder(url: string): Promise<string> {
  const root = newDataFolder();
  const folder = dataFolder(root);
  const machine = newMachine({ emulator: 1, web: 2, xnat: 3 });
  await writeMachineFile(folder, {
    ...machine,
    aws: { ...machine.aws, endpoint: url },
    deployment: {
      digest: 'abcdef0123456789',
      deployedAt: '2026-11-23T10:00:00Z',
      apiUrl: url,
      webUrl: `${url}/`,
      userPoolId: 'pool',
      userPoolClientId: 'client',
      dataBucket: 'data-bucket',
    },
  });
  return root;
}

function terminal(isTTY = true) {
  const output = new PassThrough();
  return {
    input: Object.assign(new PassThrough(), { isTTY }),
    output,
    said: () => String(output.read() ?? ''),
  };
}

function session(withStructures: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'contourflow-upload-'));
  const phantom = generatePhantom({ seed: 3, subject: 1 });
  mkdirSync(join(folder, 'ct'));
  for (const { name, bytes } of phantom.scans[0]?.files.slice(0, 3) ?? [])
    writeFileSync(join(folder, 'ct', name), bytes);
  if (withStructures) writeFileSync(join(folder, 'rs.dcm'), phantomRtstruct(phantom));
  return folder;
}

describe('status', () => {
  it('says that a machine was never started', async () => {
    const { code, out } = await runCli(['status']);
    expect(code).toBe(0);
    expect(out).toMatch(/^machine\s+never started/);
    expect(out).toMatch(/\n\nStart it with: contourflow up \(/);
  });

  it('lists addresses, servers and who can sign in', async () => {
    const root = await deployedFolder('http://127.0.0.1:1');
    const { users, archive } = await ensureSecrets(dataFolder(root));
    const { out } = await runCli(['status'], root);
    expect(out).toMatch(/machine\s+down/);
    expect(out).toMatch(/API\s+http:\/\/127\.0\.0\.1:1\/v1/);
    expect(out).toMatch(/deployed\s+2026-11-23T10:00:00Z \(abcdef012345\)/);
    expect(out).toMatch(/emulator\s+stopped\s+-/);
    for (const { name, password } of users) expect(out).toMatch(new RegExp(`${name}\\s+${password}`));
    expect(out).toContain(`${archive.password}  XNAT stand-in`);
    expect(JSON.parse((await runCli(['status', '--json'], root)).out)).toMatchObject({ state: 'down' });
  });
});

describe('down', () => {
  it('says that there is no machine', async () => {
    expect((await runCli(['down'])).out).toBe('no machine in this data folder');
  });

  it('says what became of each server, and keeps the deployment', async () => {
    const root = await deployedFolder('http://127.0.0.1:1');
    expect((await runCli(['down'], root)).out).toBe('emulator: gone\nxnat: gone');
    expect((await readMachineFile(dataFolder(root)))?.deployment?.dataBucket).toBe('data-bucket');
  });
});

describe('login', () => {
  async function pool() {
    const asked: { USERNAME: string; PASSWORD: string }[] = [];
    server = await startServer((message, body, response) => {
      const url = server?.url;
      if (message.url === '/config.json') {
        response.end(JSON.stringify({ userPoolClientId: 'client', cognitoUrl: '/cognito', apiUrl: url }));
        return;
      }
      asked.push(JSON.parse(body.toString()).AuthParameters);
      const result = { AccessToken: 'a1', RefreshToken: 'r1', ExpiresIn: 3600 };
      response.end(JSON.stringify({ AuthenticationResult: result }));
    });
    return { url: server.url, asked };
  }

  it("takes a local user's password from the machine's own list", async () => {
    const { url, asked } = await pool();
    const root = await deployedFolder(url);
    const { users } = await ensureSecrets(dataFolder(root));
    const { out } = await runCli(['login', 'member'], root);
    expect(out).toBe(`signed in as member at ${url}`);
    expect(asked[0]?.PASSWORD).toBe(users.find(({ name }) => name === 'member')?.password);
    expect(readSignIn(root)).toMatchObject({ user: 'member', apiUrl: url, accessToken: 'a1' });
  });

  it('takes the password of a deployment from the environment', async () => {
    const { url, asked } = await pool();
    const root = newDataFolder();
    await runCli(['login', 'mia', '--url', `${url}/models`], root, { password: 'secret' });
    expect(asked).toEqual([{ USERNAME: 'mia', PASSWORD: 'secret' }]);
    expect(readSignIn(root)?.endpoint).toBe(`${url}/cognito`);
  });

  it('asks for name and password, and hides the password', async () => {
    const { url, asked } = await pool();
    const { input, output, said } = terminal();
    output.on('data', () => undefined).pause();
    const answers = ['mia\n', 'typed-secret\n'];
    output.write = ((text: string) => {
      PassThrough.prototype.write.call(output, text, 'utf8');
      if (/: $/.test(text)) setImmediate(() => input.write(answers.shift()));
      return true;
    }) as typeof output.write;
    const { code } = await runCli(['login', '--url', url], newDataFolder(), { terminal: { input, output } });
    expect(code).toBe(0);
    expect(asked).toEqual([{ USERNAME: 'mia', PASSWORD: 'typed-secret' }]);
    const shown = said();
    expect(shown).toContain('Password: ');
    expect(shown).not.toContain('typed-secret');
  });

  it('refuses to ask where nobody can answer', async () => {
    const { input, output } = terminal(false);
    await expect(askOnTerminal({ input, output }, 'User: ', true)).rejects.toThrow('CONTOURFLOW_PASSWORD');
  });

  it('says that an address is no dashboard', async () => {
    server = await startServer((_message, _body, response) => response.writeHead(404).end('nothing'));
    const { code, err } = await runCli(['login', 'mia', '--url', server.url]);
    expect(code).toBe(3);
    expect(err).toContain('config.json does not name a user pool');
  });

  it('says that an address does not answer', async () => {
    const { code, err } = await runCli(['login', 'mia', '--url', 'http://127.0.0.1:1']);
    expect([code, err]).toEqual([
      3,
      'error UpstreamError: http://127.0.0.1:1 does not answer; check the address',
    ]);
  });
});

describe('upload', () => {
  it("sends a session to the local machine's bucket", async () => {
    const put: string[] = [];
    server = await startServer((message, _body, response) => {
      put.push(`${message.method} ${message.url?.split('?')[0]}`);
      response.end();
    });
    const root = await deployedFolder(server.url);
    const { code, out } = await runCli(['upload', session(true), '--subject', 'S1', '--project', 'P1'], root);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^sent; incoming\/P1\/[0-9a-f-]+\/_COMPLETE\.json starts the preparation\. .*uploads list/,
    );
    expect(put).toHaveLength(5);
    expect(put.at(-1)).toMatch(/^PUT \/data-bucket\/incoming\/P1\/[0-9a-f-]+\/_COMPLETE\.json$/);
  });

  it('refuses a folder without contours', async () => {
    const { code, err } = await runCli(['upload', session(false), '--subject', 'S1', '--project', 'P1']);
    expect(code).toBe(3);
    expect(err).toMatch(/UploadIncomplete: .* holds 3 image\(s\) and 0 structure set\(s\)/);
  });

  it('needs a machine or a region', async () => {
    const { code, err } = await runCli(['upload', session(true), '--subject', 'S1', '--project', 'P1']);
    expect(code).toBe(3);
    expect(err).toMatch(/ConfigurationError: .*AWS_REGION is not set/);
  });
});

describe('the bucket of an upload', () => {
  const region = 'eu-west-1';

  it('is that of the deployment in the region, by its parameter', async () => {
    const ssm = mockClient(SSMClient);
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'deployed-bucket' } });
    const s3 = mockClient(S3Client);
    s3.on(PutObjectCommand).resolves({});
    const args = ['upload', session(true), '--subject', 'S1', '--session', 'E1', '--project', 'P1'];
    expect((await runCli(args, newDataFolder(), { region })).code).toBe(0);
    expect(ssm.commandCalls(GetParameterCommand)[0]?.args[0].input.Name).toBe('/contourflow/data/bucket');
    const puts = s3.commandCalls(PutObjectCommand).map((call) => call.args[0].input);
    expect(new Set(puts.map(({ Bucket }) => Bucket))).toEqual(new Set(['deployed-bucket']));
    expect(JSON.parse(String(puts.at(-1)?.Body))).toMatchObject({ subject: 'S1', session: 'E1' });
    ssm.restore();
    s3.restore();
  });

  it('is missing where nothing is deployed', async () => {
    const ssm = mockClient(SSMClient);
    ssm.on(GetParameterCommand).resolves({});
    const args = ['upload', session(true), '--subject', 'S1', '--project', 'P1'];
    const { code, err } = await runCli(args, newDataFolder(), { region });
    expect(code).toBe(3);
    expect(err).toContain('contourflow is not deployed in eu-west-1');
    ssm.restore();
  });
});

describe('readEnvironment', () => {
  it('reads what is set', () => {
    const variables = {
      CONTOURFLOW_DATA: '/data',
      CONTOURFLOW_PROJECT: 'P1',
      CONTOURFLOW_PASSWORD: 'secret',
      AWS_DEFAULT_REGION: 'eu-west-1',
      NO_COLOR: '',
    };
    expect(readEnvironment(variables)).toEqual({
      dataFolder: '/data',
      project: 'P1',
      password: 'secret',
      region: 'eu-west-1',
      plain: true,
      variables,
    });
  });

  it('has defaults for the rest, and prefers AWS_REGION', () => {
    expect(readEnvironment({})).toMatchObject({
      dataFolder: expect.stringMatching(/\.contourflow$/),
      project: null,
      password: null,
      region: null,
      plain: false,
    });
    expect(readEnvironment({ AWS_REGION: 'a', AWS_DEFAULT_REGION: 'b', TERM: 'dumb' })).toMatchObject({
      region: 'a',
      plain: true,
    });
  });
});
