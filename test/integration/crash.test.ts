import { beforeAll, describe, expect, it } from '@jest/globals';
import { LOCAL_ARCHIVE_ID } from '../../local/machine/connect-archive.ts';
import { up } from '../../local/machine/up.ts';
import { phantomRtstruct } from '../../local/phantoms/generate-phantom.ts';
import { nodeHasher } from '../../src/adapters/aws/node-hasher.ts';
import { saveDataset } from '../../src/cli/wait-for.ts';
import type { CaseRecord, RecordOf } from '../../src/contracts/records.ts';
import { caseIdOf } from '../../src/pipeline/case-identity.ts';
import { snapshotOf } from '../../src/pipeline/due-cases.ts';
import { killEmulator, killRunningJob } from '../local/machine/crash-drills.ts';
import { preparationsOf } from './deployed.ts';
import { eventually } from './eventually.ts';
import { FOLDER } from './machine.ts';
import { newProject, type TestProject } from './project.ts';
import { downloadResource } from './scan-resources.ts';
import { archive, awaitCases, casesOf, phantom, saveContours } from './sessions.ts';
import { DEFINITION_ID, defineDataset, launch, SPLIT } from './training.ts';

const SUBJECTS = [1, 2, 4, 5];
const EPOCHS = 24;
const VALIDATION_INTERVAL = 4;

describe('after kill -9', () => {
  let project: TestProject;
  let sessions: string[];
  /** What the same contours became where nothing was killed, in the order of the subjects. */
  let undisturbed: Outputs[];
  const bringUp = () => up(FOLDER, { report: () => undefined });

  beforeAll(async () => {
    const other = await newProject('crash-beside');
    const others = await archiveAll(other);
    await saveAll(other, others);
    project = await newProject('crash');
    sessions = await archiveAll(project);
    undisturbed = await outputsOf(other, await awaitCases(other, others, 'ready'));
  }, 300_000);

  const preparations = async () => {
    const at = { archiveId: LOCAL_ARCHIVE_ID, project: project.id };
    const lists = await Promise.all(sessions.map((session) => preparationsOf(project, { ...at, session })));
    return lists.flat();
  };

  it('of the emulator during conversion, `up` ends with the same cases and no duplicates', async () => {
    const caseIds = await idsOfCasesToCome(project, sessions);
    await saveAll(project, sessions);
    await eventually('a preparation to run', async () =>
      (await preparations()).some(({ status }) => status === 'RUNNING') ? true : null,
    );
    await killEmulator(FOLDER);
    await bringUp();
    const cases = await awaitCases(project, sessions, 'ready');
    expect(cases.map(({ id }) => id)).toEqual(caseIds);
    await eventually('every preparation to end', async () =>
      (await preparations()).every(({ status }) => status !== 'RUNNING') ? true : null,
    );
    const statuses = (await preparations()).map(({ status }) => status);
    expect(statuses).toContain('ABORTED');
    expect((await casesOf(project)).map(({ id }) => id).toSorted()).toEqual(caseIds.toSorted());
    expect(await outputsOf(project, cases)).toEqual(undisturbed);
  }, 300_000);

  it('of the job and then of the emulator during training, the run resumes and succeeds', async () => {
    await defineDataset(project);
    const datasetId = await saveDataset(project.owner, project.id, DEFINITION_ID, SPLIT);
    const dataset = await project.owner.call('getDataset', { project: project.id, datasetId });
    const runId = await launchLong(dataset);
    await awaitEpochAfter(runId, VALIDATION_INTERVAL);
    await killRunningJob(FOLDER, 60_000);
    await awaitEpochAfter(runId, 2 * VALIDATION_INTERVAL);
    await killEmulator(FOLDER);
    await bringUp();
    const { run, result } = await eventually(
      'the run to end',
      async () => {
        const detail = await project.owner.call('getRun', { project: project.id, runId });
        return ['succeeded', 'failed', 'stopped'].includes(detail.run.state) ? detail : null;
      },
      240_000,
    );
    expect(run).toMatchObject({ state: 'succeeded', reason: null });
    expect(result?.training).toMatchObject({ epochs: EPOCHS, resumes: 2 });
    const { items } = await project.owner.call('listRuns', { project: project.id });
    expect(items.map(({ id }) => id)).toEqual([runId]);
  }, 480_000);

  const launchLong = (dataset: RecordOf<'dataset'>): Promise<string> =>
    launch(project, dataset, project.modelVersionId, 'initial', EPOCHS, VALIDATION_INTERVAL);

  /** A checkpoint is written at each validation; the next epoch's numbers tell that it is there. */
  const awaitEpochAfter = (runId: string, epoch: number) =>
    eventually(
      `an epoch after ${epoch}`,
      async () => {
        const path = { project: project.id, runId };
        const { lines } = await project.owner.call('getRunMetrics', path, { after: 0 });
        return lines.some((line) => line.epoch > epoch) ? true : null;
      },
      180_000,
    );
});

/** In the order of the subjects. */
async function archiveAll(project: TestProject): Promise<string[]> {
  const sessions: string[] = [];
  for (const subject of SUBJECTS) sessions.push(await archive(project, phantom(subject)));
  return sessions;
}

async function saveAll(project: TestProject, sessions: readonly string[]): Promise<void> {
  for (const [at, session] of sessions.entries()) {
    await saveContours(project, session, phantom(SUBJECTS[at] ?? 0));
  }
}

/** Ids follow from contours, series and automation alone, and so are known before anything is prepared. */
async function idsOfCasesToCome(project: TestProject, sessions: readonly string[]): Promise<string[]> {
  const { items } = await project.owner.call('listAutomations', { project: project.id }, {});
  const [automation] = items;
  if (!automation) throw new Error(`project ${project.id} has no automation`);
  return sessions.map((session, at) => {
    const patient = phantom(SUBJECTS[at] ?? 0);
    const identity = {
      archiveId: LOCAL_ARCHIVE_ID,
      project: project.id,
      session,
      seriesUids: [patient.structures.series.seriesUid],
      roiSha256: nodeHasher.sha256(phantomRtstruct(patient)),
      automation: snapshotOf(automation),
    };
    return caseIdOf(identity, nodeHasher);
  });
}

interface Outputs {
  readonly seriesUid: string | null;
  /** SHA-256 by label. */
  readonly resources: Record<string, string>;
  readonly certificate: unknown;
}

/** What a case holds, free of its project and session; the XNAT must hold the same bytes. */
async function outputsOf(project: TestProject, cases: readonly CaseRecord[]): Promise<Outputs[]> {
  const found: Outputs[] = [];
  for (const one of cases) {
    const resources: Record<string, string> = {};
    for (const resource of one.resources) {
      const { sha256 } = resource.object;
      expect(nodeHasher.sha256(await downloadResource(project, one, resource))).toBe(sha256);
      resources[resource.label] = sha256;
    }
    const path = { project: project.id, caseId: one.id };
    const { certificate } = await project.member.call('getCertificate', path);
    found.push({ seriesUid: one.seriesUid, resources, certificate });
  }
  return found;
}
