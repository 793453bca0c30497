import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AUTOMATION_ID, installStarter, makeStarterBundle } from '../../local/demo/set-up-project.ts';
import { LOCAL_ARCHIVE_ID } from '../../local/machine/connect-archive.ts';
import { PHANTOM_LABEL_MAP } from '../../local/phantoms/generate-phantom.ts';
import { createXnatAdmin, type XnatAdmin, type XnatLogin } from '../../local/xnat/admin-client.ts';
import type { ApiClient } from '../../src/cli/api-client.ts';
import type { LabelPolicies } from '../../src/contracts/label-policy.ts';
import { FOLDER, type Machine, PHANTOM_BUNDLE, runningMachine, webUrl } from './machine.ts';
import { type Person, signInAs } from './people.ts';

/** One project in the API and in the XNAT, with its people, a model and an automation. */
export interface TestProject extends Machine, Record<Person, ApiClient> {
  readonly id: string;
  readonly xnat: XnatAdmin;
  /** Version of the installed model. */
  readonly modelVersionId: string;
  /** Changes what the automation does where contours and label map do not match. */
  setPolicies(policies: Partial<LabelPolicies>): Promise<void>;
}

export interface ProjectOptions {
  /** Default: the phantoms' own. */
  readonly labelMap?: string;
  readonly policies?: Partial<LabelPolicies>;
  /** Whether the XNAT tells of saved contours. @default true */
  readonly subscribed?: boolean;
}

export async function newProject(name: string, options: ProjectOptions = {}): Promise<TestProject> {
  const { labelMap = PHANTOM_LABEL_MAP, policies = {}, subscribed = true } = options;
  const running = await runningMachine();
  const [admin, owner, member, collaborator] = await Promise.all([
    signInAs(running, 'admin'),
    signInAs(running, 'owner'),
    signInAs(running, 'member'),
    signInAs(running, 'collaborator'),
  ]);
  const id = `${name}-${randomBytes(4).toString('hex')}`;
  await admin.call(
    'createProject',
    {},
    { project: id, archiveId: LOCAL_ARCHIVE_ID, description: '', owner: 'owner' },
  );
  for (const role of ['member', 'collaborator'] as const) {
    await owner.call('putMember', { project: id, user: role }, { role, grants: [] });
  }
  const xnat = createXnatAdmin(xnatLogin(running));
  await xnat.createProject(id);
  if (subscribed) await xnat.subscribe(id, `${webUrl(running)}/v1/webhooks/${LOCAL_ARCHIVE_ID}`);
  const modelVersionId = await installStarter({ owner }, id, await starterBundle(labelMap), labelMap);
  const setPolicies = async (changed: Partial<LabelPolicies>): Promise<void> => {
    const automation = { modelVersionId, spacingMm: null, policies: changed, enabled: true };
    await owner.call('putAutomation', { project: id, automationId: AUTOMATION_ID }, automation);
  };
  await setPolicies(policies);
  return { ...running, admin, owner, member, collaborator, id, xnat, modelVersionId, setPolicies };
}

function starterBundle(labelMap: string): Promise<Uint8Array> {
  return labelMap === PHANTOM_LABEL_MAP ? readFile(PHANTOM_BUNDLE) : makeStarterBundle(FOLDER, labelMap, 1);
}

export function xnatLogin({ machine, secrets }: Machine): XnatLogin {
  const { username, password } = secrets.archive;
  return { url: `http://127.0.0.1:${machine.ports.xnat}`, user: username, password };
}
