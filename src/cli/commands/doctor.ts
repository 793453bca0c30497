import type { Command } from 'commander';
import { PipelineError } from '../../contracts/errors.ts';
import type { CliContext } from '../context.ts';
import type { Check } from '../doctor/check.ts';
import type { Probe } from '../doctor/probe.ts';
import { EXIT, ExitCode, UsageError } from '../exit-codes.ts';
import { printResult } from '../output.ts';

interface DoctorOptions {
  readonly aws?: boolean;
  readonly region?: string;
}

const DEFAULT_MEMORY_MIB = 3008;

export function register(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .option('--aws', 'look at the AWS account of your credentials instead, before a deployment')
    .option('--region <region>', 'region to deploy to (AWS_REGION)')
    .description(
      'Whether this machine, or an AWS account, has what Contourflow needs, and what to do where it has not. ' +
        'Changes nothing; exit code 3 when something fails.',
    )
    .action(async (options: DoctorOptions) => {
      const { checksText } = await import('../doctor/check.ts');
      const { systemProbe } = await import('../doctor/probe.ts');
      const probe = systemProbe(context.environment.variables);
      const checks = options.aws
        ? await accountChecks(context, probe, options.region ?? context.environment.region)
        : await machineChecks(context, probe);
      printResult(context, { checks }, () => checksText(checks));
      if (checks.some(({ state }) => state === 'fail')) throw new ExitCode(EXIT.refused);
    });
}

async function machineChecks({ dataFolder: root }: CliContext, probe: Probe): Promise<Check[]> {
  const { checkMachine } = await import('../doctor/check-machine.ts');
  const { dataFolder } = await import('../../../local/machine/layout.ts');
  const { readMachineFile } = await import('../../../local/machine/machine-file.ts');
  const { status } = await import('../../../local/machine/status.ts');
  const folder = dataFolder(root);
  const { state } = await status(folder);
  const ports = state === 'down' ? Object.values((await readMachineFile(folder))?.ports ?? {}) : [];
  return checkMachine(probe, { node: process.version, dataFolder: root, ports });
}

async function accountChecks(context: CliContext, probe: Probe, region: string | null): Promise<Check[]> {
  if (region === null)
    throw new UsageError('say which region with --region or AWS_REGION, such as eu-central-1');
  const { checkAccount } = await import('../doctor/check-account.ts');
  return checkAccount(probe, { region, imagingMemoryMib: await imagingMemory(context) });
}

/** Of the file that the deployment will read; what else is wrong in it, the deployment says. */
async function imagingMemory({ environment }: CliContext): Promise<number> {
  const file = environment.variables.CONTOURFLOW_CONFIG;
  if (!file) return DEFAULT_MEMORY_MIB;
  const { readFile } = await import('node:fs/promises');
  try {
    const { imagingMemoryMib = DEFAULT_MEMORY_MIB } = JSON.parse(await readFile(file, 'utf8'));
    return Number(imagingMemoryMib);
  } catch (error) {
    throw new PipelineError(
      'ConfigurationError',
      `CONTOURFLOW_CONFIG is ${file}, which is no readable JSON: ${(error as Error).message}; correct or unset it`,
    );
  }
}
