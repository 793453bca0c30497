import { describe, expect, it } from '@jest/globals';
import { recordRefusal } from '../../../src/pipeline/refuse-upload.ts';
import type { ImagingArchive } from '../../../src/ports/archive.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import {
  addCase,
  addDataset,
  addModelVersion,
  addRun,
  caseIdOf,
  PROJECT,
  projectPorts,
} from '../training/workflow-fixture.ts';
import { callApi } from './api-fixture.ts';

const ADMIN = { user: 'root', groups: '[admins]' };

/** An archive in which these sessions have contours. */
function archiveWith(ports: MemoryPorts, sessions: string[]): { closed: boolean } {
  const state = { closed: false };
  const archive: Partial<ImagingArchive> = {
    listRoiCollections: async () =>
      sessions.map((session, index) => ({
        session,
        assessorId: `A${index}`,
        savedAt: '2026-01-01T00:00:00Z',
      })),
    close: async () => {
      state.closed = true;
    },
  };
  ports.archives.known.set('xnat', archive as ImagingArchive);
  return state;
}

describe('projects', () => {
  it('says who is signed in', async () => {
    const ports = await projectPorts();
    expect(await callApi(ports, 'getMe', ADMIN)).toEqual({ user: 'root', admin: true });
  });

  it('creates a project with its first owner, once', async () => {
    const ports = await projectPorts();
    const body = { project: 'brain', archiveId: null, owner: 'ann' };
    expect(await callApi(ports, 'createProject', ADMIN, body)).toMatchObject({
      id: 'brain',
      state: 'active',
    });
    expect(await ports.records.get('member', 'brain', 'ann')).toMatchObject({ role: 'owner' });
    await expect(callApi(ports, 'createProject', ADMIN, body)).rejects.toMatchObject({ code: 'Conflict' });
    const audit = (await ports.records.list('audit', 'brain')).items;
    expect(audit.map(({ action, subject }) => [action, subject])).toEqual([
      ['createProject', 'project/brain'],
    ]);
  });

  it('lists the projects of a member, and all to a site admin', async () => {
    const ports = await projectPorts();
    await callApi(ports, 'createProject', ADMIN, { project: 'brain', archiveId: null, owner: 'ann' });
    const names = async (call: Parameters<typeof callApi>[2], limit?: number) =>
      (await callApi(ports, 'listProjects', call, limit ? { limit } : {})).items.map(({ id }) => id).sort();
    expect(await names({ user: 'ann' })).toEqual(['brain']);
    expect(await names({ user: 'the-member' })).toEqual([PROJECT]);
    expect(await names({ user: 'stranger' })).toEqual([]);
    expect(await names(ADMIN)).toEqual([PROJECT, 'brain']);
    const first = await callApi(ports, 'listProjects', ADMIN, { limit: 1 });
    const second = await callApi(ports, 'listProjects', ADMIN, { limit: 1, cursor: first.next ?? '' });
    expect([first.items[0]?.id, second.items[0]?.id].sort()).toEqual([PROJECT, 'brain']);
  });

  it('counts cases and runs by state', async () => {
    const ports = await projectPorts();
    await addCase(ports, 1);
    await addCase(ports, 2);
    await addCase(ports, 3, { state: 'quarantined' });
    await addRun(ports);
    await addDataset(ports);
    await addModelVersion(ports);
    expect(await callApi(ports, 'getOverview')).toEqual({
      project: PROJECT,
      cases: { ready: 2, quarantined: 1 },
      runs: { running: 1 },
      datasets: 1,
      modelVersions: 1,
    });
    expect(await callApi(ports, 'getProject')).toMatchObject({ id: PROJECT });
  });
});

describe('syncProject', () => {
  it('hints every session with contours once and closes the archive', async () => {
    const ports = await projectPorts();
    const archive = archiveWith(ports, ['E2', 'E1', 'E2']);
    expect(await callApi(ports, 'syncProject')).toEqual({ hinted: 2 });
    expect(ports.hints.sent.map(({ hint }) => [hint.session, hint.cause, hint.archiveId])).toEqual([
      ['E1', 'retry', 'xnat'],
      ['E2', 'retry', 'xnat'],
    ]);
    expect(new Set(ports.hints.sent.map(({ hint }) => hint.deliveryId)).size).toBe(2);
    expect(archive.closed).toBe(true);
  });

  it('hints one session without opening the archive', async () => {
    const ports = await projectPorts();
    expect(await callApi(ports, 'syncProject', {}, { session: 'E7' })).toEqual({ hinted: 1 });
    expect(ports.hints.sent[0]?.hint).toMatchObject({ session: 'E7', uploadManifestKey: null });
  });

  it('hints an uploaded session with each of its manifests that is still there', async () => {
    const ports = await projectPorts();
    const keyOf = (n: number) => `incoming/${PROJECT}/u${n}/_COMPLETE.json`;
    for (const n of [1, 2, 3]) {
      await ports.records.raiseGeneration({
        schemaVersion: 1,
        kind: 'session-hint',
        deliveryId: `d${n}`,
        cause: 'upload',
        archiveId: 'upload',
        project: PROJECT,
        session: 'U1',
        uploadManifestKey: keyOf(n),
      });
    }
    const sync = () => callApi(ports, 'syncProject', {}, { session: 'U1' });
    await expect(sync()).rejects.toMatchObject({ code: 'NotFound' });
    for (const n of [1, 3]) await ports.objects.write(keyOf(n), new Uint8Array(1));
    expect(await sync()).toEqual({ hinted: 2 });
    expect(ports.hints.sent.map(({ hint }) => hint)).toMatchObject([
      { archiveId: 'upload', session: 'U1', uploadManifestKey: keyOf(1) },
      { archiveId: 'upload', session: 'U1', uploadManifestKey: keyOf(3) },
    ]);
  });

  it('says that a project without an archive has nothing to look at', async () => {
    const ports = await projectPorts();
    await ports.records.update('project', PROJECT, PROJECT, (project) => ({ ...project, archiveId: null }));
    await expect(callApi(ports, 'syncProject')).rejects.toMatchObject({ code: 'Conflict' });
  });
});

describe('members', () => {
  it('changes a role and lists members', async () => {
    const ports = await projectPorts();
    await callApi(ports, 'putMember', { path: { user: 'the-member' } }, { role: 'owner' });
    const { items } = await callApi(ports, 'listMembers');
    expect(
      items
        .filter(({ role }) => role === 'owner')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['the-member', 'the-owner']);
  });

  it('writes nothing when nothing changes', async () => {
    const ports = await projectPorts();
    const member = await callApi(ports, 'putMember', { path: { user: 'the-member' } }, { role: 'member' });
    expect(member.revision).toBe(1);
  });

  it('keeps the last owner, whether demoted or removed, until there is another', async () => {
    const ports = await projectPorts();
    const path = { user: 'the-owner' };
    await expect(callApi(ports, 'putMember', { path }, { role: 'member' })).rejects.toMatchObject({
      code: 'Conflict',
    });
    await expect(callApi(ports, 'removeMember', { path })).rejects.toMatchObject({ code: 'Conflict' });
    await callApi(ports, 'putMember', { path: { user: 'the-member' } }, { role: 'owner' });
    await callApi(ports, 'removeMember', { path });
    expect(await ports.records.get('member', PROJECT, 'the-owner')).toBeNull();
  });

  it('refuses a grant that is no action', async () => {
    const ports = await projectPorts();
    const body = { role: 'member' as const, grants: ['case:retry', 'everything'] };
    await expect(callApi(ports, 'putMember', { path: { user: 'x' } }, body)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringContaining('"everything"'),
    });
  });
});

describe('cases', () => {
  it('lists by state, newest first, page by page', async () => {
    const ports = await projectPorts();
    for (const number of [1, 2, 3]) {
      await addCase(ports, number);
      ports.clock.advance(1000);
    }
    await addCase(ports, 4, { state: 'needs-review' });
    const first = await callApi(ports, 'listCases', {}, { state: 'ready', limit: 2 });
    const second = await callApi(
      ports,
      'listCases',
      {},
      { state: 'ready', limit: 2, cursor: first.next ?? '' },
    );
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual([3, 2, 1].map(caseIdOf));
    expect(second.next).toBeNull();
  });

  it('shows a case and its certificate', async () => {
    const ports = await projectPorts();
    await addCase(ports, 1);
    const path = { caseId: caseIdOf(1) };
    expect(await callApi(ports, 'getCase', { path })).toMatchObject({ id: caseIdOf(1), subject: 'S1' });
    expect(await callApi(ports, 'getCertificate', { path })).toEqual({
      certificate: { outcome: 'ready', number: 1 },
    });
  });

  it('says why a quarantined case has no certificate', async () => {
    const ports = await projectPorts();
    await addCase(ports, 1, { state: 'quarantined', certificate: null });
    const call = { path: { caseId: caseIdOf(1) } };
    await expect(callApi(ports, 'getCertificate', call)).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('quarantined'),
    });
  });

  it('accepts a case for review in the name of the person, and no other case', async () => {
    const ports = await projectPorts();
    await addCase(ports, 1, { state: 'needs-review' });
    const call = { user: 'the-member', path: { caseId: caseIdOf(1) } };
    expect(await callApi(ports, 'acceptCase', call)).toMatchObject({
      state: 'ready',
      acceptedBy: 'the-member',
    });
    await expect(callApi(ports, 'acceptCase', call)).rejects.toMatchObject({ code: 'Conflict' });
    const missing = { path: { caseId: caseIdOf(9) } };
    await expect(callApi(ports, 'acceptCase', missing)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('lists uploads that were refused with the reason, newest first, and no other delivery', async () => {
    const ports = await projectPorts();
    const hint = { schemaVersion: 1, kind: 'session-hint', deliveryId: 'd1', cause: 'webhook' } as const;
    const at = { archiveId: 'xnat', project: PROJECT, session: 'E1', uploadManifestKey: null };
    await ports.records.raiseGeneration({ ...hint, ...at });
    const problem = { code: 'MalformedBody', message: 'it is not JSON in UTF-8', stage: 'RouteEvent' };
    for (const writeId of ['w1', 'w2']) {
      const uploadManifestKey = `incoming/${PROJECT}/${writeId}/_COMPLETE.json`;
      await recordRefusal({ project: PROJECT, uploadManifestKey, writeId, problem }, ports);
      ports.clock.advance(1000);
    }
    const { items, next } = await callApi(ports, 'listRefusedUploads');
    expect(next).toBeNull();
    expect(items).toMatchObject([
      { manifestKey: `incoming/${PROJECT}/w2/_COMPLETE.json`, problem },
      { manifestKey: `incoming/${PROJECT}/w1/_COMPLETE.json`, problem },
    ]);
  });

  it('retries the session of a case with a new delivery each time', async () => {
    const ports = await projectPorts();
    await addCase(ports, 1, { state: 'quarantined', uploadManifestKey: 'incoming/abdomen/u/_COMPLETE.json' });
    const call = { path: { caseId: caseIdOf(1) } };
    await expect(callApi(ports, 'retryCase', call)).rejects.toMatchObject({ code: 'NotFound' });
    await ports.objects.write('incoming/abdomen/u/_COMPLETE.json', new Uint8Array(1));
    await callApi(ports, 'retryCase', call);
    await callApi(ports, 'retryCase', call);
    const hints = ports.hints.sent.map(({ hint }) => hint);
    expect(hints[0]).toMatchObject({
      cause: 'retry',
      session: 'E1',
      uploadManifestKey: 'incoming/abdomen/u/_COMPLETE.json',
    });
    expect(hints[0]?.deliveryId).not.toBe(hints[1]?.deliveryId);
  });
});
