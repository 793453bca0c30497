import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { PipelineError } from '../../src/contracts/errors.ts';
import { PARAMETERS } from '../../src/contracts/parameters.ts';
import { ssmClient } from './aws-clients.ts';
import { awsEnvironment, childEnvironment } from './environment.ts';
import { CHECKOUT, type DataFolder, NODE } from './layout.ts';
import type { MachineFile } from './machine-file.ts';
import { runCommand, tailOf } from './run-command.ts';
import { DEPLOYED_SOURCES, digestSources } from './source-digest.ts';

/** A custom resource that never answers would keep a deployment waiting for an hour. */
const DEPLOY_TIMEOUT_MS = 240_000;
/** The CDK is a lot of code; kept compiled it starts in half the time. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(CHECKOUT, 'node_modules/.cache/node') };
const CDK = join(CHECKOUT, 'node_modules/.bin/cdk');

/**
 * Deploys the CDK app on the emulator, the same stacks as in an AWS account; nothing when neither the sources,
 * nor the machine's ports or its `deployment.json` changed since the last time.
 *
 * The caller records the deployment once everything after it is done too.
 *
 * @throws InternalError with the end of the deployment's and the emulator's log, within four minutes.
 */
export async function deployIfChanged(
  folder: DataFolder,
  machine: MachineFile,
  report: (line: string) => void,
): Promise<{ machine: MachineFile; deployed: boolean }> {
  const digest = deploymentDigest(folder, machine);
  if (machine.deployment?.digest === digest) return { machine, deployed: false };
  report('Deploying the stacks on the local emulator ...');
  await synthesise(folder, machine);
  if (!(await isBootstrapped(machine))) {
    await cdk(folder, machine, 'bootstrap', [`aws://${machine.aws.accountId}/${machine.aws.region}`]);
  }
  await cdk(folder, machine, 'deploy', [
    '--all',
    '--method=direct',
    '--concurrency=4',
    '--require-approval=never',
    '--progress=events',
  ]);
  const values = await readDeployedValues(machine);
  const deployment = {
    ...values,
    webUrl: `http://127.0.0.1:${machine.ports.web}`,
    apiUrl: `http://127.0.0.1:${machine.ports.web}`,
    digest,
    deployedAt: new Date().toISOString(),
  };
  return { machine: { ...machine, deployment }, deployed: true };
}

/** Of everything that a deployment of this machine is made of. */
function deploymentDigest({ deploymentConfig }: DataFolder, { ports }: MachineFile): string {
  const config = existsSync(deploymentConfig) ? readFileSync(deploymentConfig, 'utf8') : '';
  return digestSources(CHECKOUT, DEPLOYED_SOURCES, JSON.stringify(ports) + config);
}

/** The cloud assembly, once: the deployment then takes it as it is. */
async function synthesise(folder: DataFolder, machine: MachineFile): Promise<void> {
  rmSync(folder.assembly, { recursive: true, force: true });
  await runCommand({
    program: NODE,
    args: [join(CHECKOUT, 'infra/app.ts')],
    cwd: CHECKOUT,
    env: {
      ...childEnvironment(),
      ...awsEnvironment(machine),
      ...COMPILE_CACHE,
      CONTOURFLOW_TARGET: 'local',
      CDK_OUTDIR: folder.assembly,
      ...(existsSync(folder.deploymentConfig) ? { CONTOURFLOW_CONFIG: folder.deploymentConfig } : {}),
    },
    logFile: join(folder.logs, 'synth.log'),
    timeoutMs: DEPLOY_TIMEOUT_MS,
    what: 'synthesising the stacks',
  });
}

async function cdk(
  folder: DataFolder,
  machine: MachineFile,
  verb: 'bootstrap' | 'deploy',
  args: readonly string[],
): Promise<void> {
  const logFile = join(folder.logs, `${verb}.log`);
  try {
    await runCommand({
      program: NODE,
      args: [CDK, verb, ...args, '--app', folder.assembly, '--no-notices', '--no-version-reporting'],
      cwd: CHECKOUT,
      env: { ...childEnvironment(), ...awsEnvironment(machine), ...COMPILE_CACHE },
      logFile,
      timeoutMs: DEPLOY_TIMEOUT_MS,
      what: `cdk ${verb}`,
    });
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    const emulator = tailOf(join(folder.logs, 'emulator.log'), 25);
    throw new PipelineError(error.code, `${error.message}\n\nand ${emulator}`, error.details);
  }
}

/** The toolkit's own mark: the bucket for assets and the roles are there. */
async function isBootstrapped(machine: MachineFile): Promise<boolean> {
  const { Parameters = [] } = await ssmClient(machine).send(
    new GetParametersCommand({ Names: ['/cdk-bootstrap/hnb659fds/version'] }),
  );
  return Parameters.length > 0;
}

async function readDeployedValues(
  machine: MachineFile,
): Promise<{ userPoolId: string; userPoolClientId: string; dataBucket: string }> {
  const { userPoolId, userPoolClientId, dataBucket } = PARAMETERS;
  const names = [userPoolId, userPoolClientId, dataBucket];
  const { Parameters = [] } = await ssmClient(machine).send(new GetParametersCommand({ Names: names }));
  const value = (name: string): string => {
    const found = Parameters.find((parameter) => parameter.Name === name)?.Value;
    if (found !== undefined) return found;
    throw new PipelineError('InternalError', `the deployment did not write the SSM parameter ${name}`, {
      name,
    });
  };
  return {
    userPoolId: value(userPoolId),
    userPoolClientId: value(userPoolClientId),
    dataBucket: value(dataBucket),
  };
}
