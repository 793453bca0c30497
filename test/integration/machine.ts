import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeStarterBundle } from '../../local/demo/set-up-project.ts';
import { down } from '../../local/machine/down.ts';
import { CHECKOUT, dataFolder } from '../../local/machine/layout.ts';
import { readMachineFile } from '../../local/machine/machine-file.ts';
import { readSecrets } from '../../local/machine/secrets-file.ts';
import { type Up, up } from '../../local/machine/up.ts';
import { PHANTOM_LABEL_MAP } from '../../local/phantoms/generate-phantom.ts';

/** The one machine of all tests on the deployed stack; it lives inside the checkout and has ports of its own. */
export const FOLDER = dataFolder(join(CHECKOUT, '.cache/integration'));

/** A bundle to install, with one class per organ of the phantoms; made by the set-up. */
export const PHANTOM_BUNDLE = join(FOLDER.root, 'phantom-bundle.zip');

/** Some phantoms are larger and the others smaller, so that both ways through an imaging stage are taken. */
export const BATCH_VOXEL_THRESHOLD = 95_000;

/** Set while writing tests: the machine is left up at the end and taken over at the next start. */
const keepsMachine = process.env.CONTOURFLOW_TEST_KEEP_MACHINE === '1';

export type Machine = Pick<Up, 'machine' | 'secrets'>;

/**
 * Brings the machine up.
 *
 * @param fresh - begin with nothing deployed and nothing stored. A machine that a killed test run left behind is
 *   ended first, by the pids it recorded.
 */
export async function startMachine({ fresh }: { fresh: boolean }): Promise<void> {
  if (fresh && !keepsMachine) {
    await down(FOLDER);
    rmSync(FOLDER.root, { recursive: true, force: true });
  }
  mkdirSync(FOLDER.root, { recursive: true });
  writeFileSync(FOLDER.deploymentConfig, JSON.stringify({ batchVoxelThreshold: BATCH_VOXEL_THRESHOLD }));
  await up(FOLDER, { report: (line) => process.stdout.write(`${line}\n`) });
  if (!existsSync(PHANTOM_BUNDLE)) {
    writeFileSync(PHANTOM_BUNDLE, await makeStarterBundle(FOLDER, PHANTOM_LABEL_MAP, 1));
  }
}

export async function stopMachine(): Promise<void> {
  if (!keepsMachine) await down(FOLDER);
}

/** What a test needs to know of the machine that the set-up brought up. */
export async function runningMachine(): Promise<Machine> {
  const [machine, secrets] = await Promise.all([readMachineFile(FOLDER), readSecrets(FOLDER)]);
  if (!machine?.deployment || !secrets) {
    throw new Error(
      `no machine is deployed in ${FOLDER.root}; the global set-up of this project brings it up`,
    );
  }
  return { machine, secrets };
}

/** Address of the dashboard and the API. */
export function webUrl({ machine }: Machine): string {
  return machine.deployment?.webUrl ?? '';
}
