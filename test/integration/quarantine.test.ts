import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Defect } from '../../local/phantoms/defects.ts';
import { contourflow } from './command-line.ts';
import { eventually } from './eventually.ts';
import { newProject, type TestProject } from './project.ts';
import { countLabels, readBlob, resourceOf } from './scan-resources.ts';
import { archive, awaitCase, casesOf, phantom, saveContours } from './sessions.ts';

/** Each fault, the codes it may be found under, and the words its sentence must hold. */
const FAULTS = [
  { defect: 'other-series', subject: 1, code: 'ReferencedImageMissing', says: /not .*(series|there)/ },
  { defect: 'empty-rtstruct', subject: 2, code: 'EmptyRtstruct', says: /draw at least one/ },
  { defect: 'truncated-dicom', subject: 4, code: 'TruncatedDicom', says: /transfer|again|ends/ },
  { defect: 'unmapped-region', subject: 5, code: 'UnmappedRegion', says: /label map/ },
] as const satisfies readonly { defect: Defect; subject: number; code: string; says: RegExp }[];

describe('quarantine', () => {
  let project: TestProject;
  const sessions = new Map<string, string>();
  const sessionOf = (name: string): string => sessions.get(name) ?? '';

  /** The good case is there a moment before the bad one gives way. */
  const superseded = (caseId: string) =>
    eventually(`case ${caseId} to be superseded`, async () => {
      const { state } = await project.member.call('getCase', { project: project.id, caseId });
      return state === 'superseded' ? true : null;
    });

  beforeAll(async () => {
    project = await newProject('quarantine', { policies: { unmapped: 'fail' } });
    for (const { defect, subject } of FAULTS) {
      const broken = phantom(subject, defect);
      const session = await archive(project, broken);
      sessions.set(defect, session);
      await saveContours(project, session, broken);
    }
    const sound = phantom(6);
    const session = await archive(project, sound);
    sessions.set('sound', session);
    await saveContours(project, session, sound);
    await contourflow('login', 'member');
  }, 180_000);

  it.each(FAULTS)(
    'holds $defect with code $code and a sentence',
    async ({ defect, code, says }) => {
      const { problem } = await awaitCase(project, sessionOf(defect), 'quarantined');
      expect(problem).toMatchObject({ code, message: expect.stringMatching(says) });
    },
    180_000,
  );

  it('does not stop a sound session beside them', async () => {
    await awaitCase(project, sessionOf('sound'), 'ready');
  }, 120_000);

  it('shows them in the API by state and on the command line', async () => {
    const { items } = await project.member.call(
      'listCases',
      { project: project.id },
      { state: 'quarantined' },
    );
    expect(new Set(items.map(({ session }) => session))).toEqual(
      new Set(FAULTS.map(({ defect }) => sessionOf(defect))),
    );
    const listed = await contourflow('--project', project.id, 'cases', 'list', '--state', 'quarantined');
    expect(listed).toMatchObject({ code: 0, err: '' });
    for (const { code } of FAULTS) expect(listed.out).toContain(`${code}: `);
  }, 60_000);

  it('makes the unmapped region ready once the policy reports it and the case is retried', async () => {
    const session = sessionOf('unmapped-region');
    const { id } = await awaitCase(project, session, 'quarantined');
    await project.setPolicies({ unmapped: 'report' });
    const retried = await contourflow('--project', project.id, 'cases', 'retry', id);
    expect(retried).toMatchObject({ code: 0, out: expect.stringContaining('1 session(s)') });
    const made = await eventually('a good case of the session', async () =>
      (await casesOf(project)).find(
        // A region outside the label map is reported, and so a person may be asked to look.
        (one) => one.session === session && ['ready', 'needs-review'].includes(one.state),
      ),
    );
    expect(made.automationVersion).toBeGreaterThan(1);
    await superseded(id);
  }, 120_000);

  it('makes the empty RTSTRUCT ready once contours are saved over it', async () => {
    const session = sessionOf('empty-rtstruct');
    const { id } = await awaitCase(project, session, 'quarantined');
    await saveContours(project, session, phantom(2), { overwrite: true });
    await awaitCase(project, session, 'ready');
    await superseded(id);
  }, 120_000);

  it('makes the truncated series ready once it was sent again and the case is retried', async () => {
    const session = sessionOf('truncated-dicom');
    const { id } = await awaitCase(project, session, 'quarantined');
    const { subject, session: label, scans } = phantom(4);
    const files = scans.flatMap((scan) => scan.files);
    const again = { project: project.id, subject, session: label, files, overwrite: 'append' as const };
    expect(await project.xnat.importSession(again)).toBe(session);
    await project.member.call('retryCase', { project: project.id, caseId: id });
    await awaitCase(project, session, 'ready');
  }, 120_000);

  it('makes the contours of another series ready once they are saved on this one and the case is retried', async () => {
    const session = sessionOf('other-series');
    const { id } = await awaitCase(project, session, 'quarantined');
    // Nothing but the retry may tell of the save.
    await project.xnat.unsubscribe(project.id);
    await saveContours(project, session, phantom(1), { overwrite: true });
    const retried = await contourflow('--project', project.id, 'cases', 'retry', id);
    expect(retried).toMatchObject({ code: 0, out: expect.stringContaining('1 session(s)') });
    const made = await awaitCase(project, session, 'ready');
    expect(made.seriesUid).toBe(phantom(1).structures.series.seriesUid);
    const { Liver, Spleen, Kidney } = phantom(1).truth.voxels;
    const counts = countLabels(await readBlob(project, resourceOf(made, 'MASK_NATIVE')));
    expect(counts).toEqual({ 10: Liver, 20: Spleen, 30: Kidney });
    await superseded(id);
  }, 120_000);

  it('leaves one case that counts per repaired session', async () => {
    const cases = await casesOf(project);
    for (const { defect } of FAULTS) {
      const counting = cases.filter((one) => one.session === sessionOf(defect) && one.state !== 'superseded');
      expect(counting).toHaveLength(1);
    }
  });
});
