import { describe, expect, it } from '@jest/globals';
import { reconcileArchive } from '../../../src/pipeline/reconcile-archive.ts';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import { settle } from './prepare-session-runner.ts';
import { ARCHIVE, boxContours, FakeArchive, PROJECT, sessionFixture } from './session-fixture.ts';

const saved = (savedAt: string) => ({ savedAt, rtstruct: boxContours() });

describe('reconcileArchive', () => {
  it('finds a session whose event was lost, and is quiet when nothing has changed', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', saved('2026-03-01T09:00:00Z'));
    expect(await reconcileArchive(ports)).toEqual({ projects: 1, sessions: 1, hinted: 1 });
    for (const { hint } of ports.hints.sent.splice(0)) await routeEvent(hint, ports);
    await settle(ports);
    expect(ports.records.all('case')).toHaveLength(1);
    await reconcileArchive(ports);
    ports.hints.sent.splice(0);
    expect(await reconcileArchive(ports)).toMatchObject({ hinted: 0 });
    archive.collections.set('ROI_2', saved('2026-03-01T09:30:00Z'));
    expect(await reconcileArchive(ports)).toMatchObject({ hinted: 1 });
    expect(ports.hints.sent[0]?.hint).toMatchObject({ cause: 'poll', archiveId: ARCHIVE, project: PROJECT });
  });

  it('sends the same hint again after a crash, which counts once', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', saved('2026-03-01T09:00:00Z'));
    await reconcileArchive(ports);
    await reconcileArchive(ports);
    expect(new Set(ports.hints.sent.map(({ hint }) => hint.deliveryId)).size).toBe(1);
    for (const { hint } of ports.hints.sent.splice(0)) await routeEvent(hint, ports);
    expect(ports.records.all('session')[0]?.generation).toBe(1);
  });

  it('notices a session that returns to a list it had before', async () => {
    const { ports, archive } = await sessionFixture();
    const look = async () => {
      await reconcileArchive(ports);
      for (const { hint } of ports.hints.sent.splice(0)) await routeEvent(hint, ports);
      await settle(ports);
      await reconcileArchive(ports);
      ports.hints.sent.splice(0);
      return ports.records.all('session')[0]?.generation ?? 0;
    };
    archive.collections.set('ROI_1', saved('2026-03-01T09:00:00Z'));
    const first = await look();
    archive.collections.set('ROI_2', saved('2026-03-01T09:30:00Z'));
    const second = await look();
    archive.collections.delete('ROI_2');
    expect(await look()).toBeGreaterThan(second);
    expect(second).toBeGreaterThan(first);
  });

  it('notices a collection that was overwritten under its id and time', async () => {
    const { ports, archive } = await sessionFixture();
    const look = async () => {
      await reconcileArchive(ports);
      for (const { hint } of ports.hints.sent.splice(0)) await routeEvent(hint, ports);
      await settle(ports);
    };
    archive.collections.set('ROI_1', saved('2026-03-01T09:00:00Z'));
    await look();
    await look();
    const rtstruct = boxContours({ width: 4 });
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct });
    await look();
    const states = ports.records.all('case').map(({ roiSha256, state }) => [roiSha256, state]);
    expect(states).toContainEqual([sha256Hex(rtstruct), 'ready']);
    expect(states.filter(([, state]) => state === 'ready')).toHaveLength(1);
  });

  it('notices the RTSTRUCT that XNAT derives after a sweep has seen the AIM alone', async () => {
    const { ports, archive } = await sessionFixture();
    const aim = new TextEncoder().encode('<ImageAnnotationCollection/>');
    const savedAt = '2026-03-01T09:00:00Z';
    const sweep = async () => {
      const { hinted } = await reconcileArchive(ports);
      for (const { hint } of ports.hints.sent.splice(0)) await routeEvent(hint, ports);
      await settle(ports);
      return hinted;
    };
    archive.collections.set('ROI_1', { collectionType: 'AIM', savedAt, aim });
    expect([await sweep(), await sweep(), await sweep()].at(-1)).toBe(0);
    expect(ports.records.all('case')).toEqual([]);
    archive.collections.set('ROI_1', { collectionType: 'AIM', savedAt, aim, rtstruct: boxContours() });
    expect(await sweep()).toBe(1);
    expect(ports.records.all('case')).toHaveLength(1);
  });

  it('looks at the other projects when one archive is away, then reports it', async () => {
    const { ports, archive } = await sessionFixture();
    archive.unavailable = true;
    const second = new FakeArchive();
    second.collections.set('ROI_9', saved('2026-03-01T09:00:00Z'));
    ports.archives.known.set('other', second);
    await ports.records.create({
      entity: 'project',
      project: 'P2',
      id: 'P2',
      state: 'active',
      archiveId: 'other',
      description: '',
    });
    await ports.records.create({
      entity: 'project',
      project: 'P3',
      id: 'P3',
      state: 'active',
      archiveId: null,
      description: '',
    });
    await expect(reconcileArchive(ports)).rejects.toMatchObject({ code: 'ArchiveUnavailable' });
    expect(ports.hints.sent.map(({ hint }) => hint.project)).toEqual(['P2']);
    expect([archive.closed, second.closed]).toEqual([1, 1]);
  });
});
