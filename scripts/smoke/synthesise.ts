import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, NODE } from '../../local/machine/layout.ts';
import { runCommand } from '../../local/machine/run-command.ts';

export const SMOKE_FOLDER = join(CHECKOUT, '.contourflow/smoke');
export const ASSEMBLY = join(SMOKE_FOLDER, 'cdk.out');
/** The tag `environment` of everything the smoke test makes: what is left with it afterwards is a failure. */
export const SMOKE_ENVIRONMENT = 'smoke';

const CONFIG = {
  environmentName: SMOKE_ENVIRONMENT,
  training: { cpuOnly: true, maxCpuVcpus: 8, jobVcpus: 4, jobMemoryMib: 14_000 },
  monthlyBudgetUsd: 50,
  logRetentionDays: 7,
  // Everything must be gone at the end.
  retainData: false,
};

/** The cloud assembly for an AWS account: a small CPU queue, nothing retained. */
export async function synthesise(environment: Record<string, string>): Promise<void> {
  mkdirSync(SMOKE_FOLDER, { recursive: true });
  rmSync(ASSEMBLY, { recursive: true, force: true });
  const configFile = join(SMOKE_FOLDER, 'deployment.json');
  writeFileSync(configFile, JSON.stringify(CONFIG, null, 2));
  await runCommand({
    program: NODE,
    args: [join(CHECKOUT, 'infra/app.ts')],
    cwd: CHECKOUT,
    env: {
      ...environment,
      CONTOURFLOW_TARGET: 'aws',
      CONTOURFLOW_CONFIG: configFile,
      CDK_OUTDIR: ASSEMBLY,
    },
    logFile: join(SMOKE_FOLDER, 'synth.log'),
    timeoutMs: 180_000,
    what: 'synthesising the stacks',
  });
}
