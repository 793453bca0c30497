import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installModel } from '../../src/cli/install-model.ts';
import { LOCAL_ARCHIVE_ID } from '../machine/connect-archive.ts';
import { childEnvironment } from '../machine/environment.ts';
import { CHECKOUT, type DataFolder, trainerVenv, venvProgram } from '../machine/layout.ts';
import { runCommand } from '../machine/run-command.ts';
import type { People } from './people.ts';
import { classesOf } from './region-names.ts';

export const MODEL_ID = 'abdomen';
export const AUTOMATION_ID = 'organs';

/** A project of its own for each run of the demo: demo-1, demo-2, ... */
export async function createProject({ admin, owner }: People): Promise<string> {
  const { items } = await admin.call('listProjects', {}, { limit: 200 });
  const taken = new Set(items.map(({ id }) => id));
  let number = 1;
  while (taken.has(`demo-${number}`)) number += 1;
  const project = `demo-${number}`;
  const request = { project, archiveId: LOCAL_ARCHIVE_ID, description: 'Contourflow demo', owner: 'owner' };
  await admin.call('createProject', {}, request);
  await owner.call('putMember', { project, user: 'member' }, { role: 'member', grants: [] });
  await owner.call('putMember', { project, user: 'collaborator' }, { role: 'collaborator', grants: [] });
  return project;
}

/** An untrained MONAI bundle with one class per region, made by the trainer. */
export async function makeStarterBundle(
  folder: DataFolder,
  labelMap: string,
  seed: number,
): Promise<Uint8Array> {
  const out = join(folder.root, 'starter-bundle.zip');
  await runCommand({
    program: venvProgram(trainerVenv, 'python'),
    args: [
      '-m',
      'contourflow_trainer',
      'starter-bundle',
      '--out',
      out,
      '--classes',
      classesOf(labelMap),
      '--seed',
      String(seed),
    ],
    cwd: CHECKOUT,
    env: { ...childEnvironment(), PYTHONPATH: join(CHECKOUT, 'trainer/src') },
    logFile: join(folder.logs, 'starter-bundle.log'),
    timeoutMs: 120_000,
    what: 'making the starter bundle',
  });
  return readFile(out);
}

/** Installs the bundle, attaches the label map and sets the automation up, as the project's owner. */
export async function installStarter(
  { owner }: Pick<People, 'owner'>,
  project: string,
  bundle: Uint8Array,
  labelMap: string,
): Promise<string> {
  const version = await installModel(owner, project, {
    modelId: MODEL_ID,
    title: 'Abdominal organs',
    fileName: 'starter-bundle.zip',
    bytes: bundle,
  });
  await owner.call(
    'attachLabelMap',
    { project, modelVersionId: version.id },
    { fileName: 'region2MaskValueMap.txt', text: labelMap },
  );
  await owner.call(
    'putAutomation',
    { project, automationId: AUTOMATION_ID },
    { modelVersionId: version.id, spacingMm: null, policies: {}, enabled: true },
  );
  return version.id;
}
