import { describe, expect, it } from '@jest/globals';
import type { SessionHint } from '../../src/contracts/events.ts';
import type { NewRecord, RecordStore } from '../../src/ports/index.ts';
import type { MemoryClock } from '../helpers/memory-ports.ts';

export interface StoreUnderTest {
  readonly store: RecordStore;
  readonly clock: MemoryClock;
  /** A project id that no other test uses. */
  readonly project: string;
}

const PROJECT_FIELDS = { state: 'active', archiveId: 'xnat', description: '' } as const;

function model(project: string, id: string, title = ''): NewRecord<'model'> & { entity: 'model' } {
  return { entity: 'model', project, id, state: 'active', title, latestVersion: 0 };
}

function save(project: string, id: string, state: 'running' | 'succeeded' | 'failed' = 'running') {
  const split = { seed: 1, training: 0.6, validation: 0.2, test: 0.2 };
  const open = { definitionId: 'd', split, datasetId: null, problem: null, requestedBy: 'x' };
  return { entity: 'dataset-save', project, id, state, ...open } as const;
}

function hint(project: string, deliveryId: string, changes: Partial<SessionHint> = {}): SessionHint {
  const of = { archiveId: 'xnat', project, session: 'E1', uploadManifestKey: null };
  return { schemaVersion: 1, kind: 'session-hint', deliveryId, cause: 'webhook', ...of, ...changes };
}

const LEASE = {
  sessionRecordId: 'xnat:E1',
  attempt: 0,
  now: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-02T00:00:00.000Z',
};

/** What every record store does; run against each implementation. */
export function describeRecordStore(name: string, open: () => StoreUnderTest): void {
  describe(`${name} as a record store`, () => {
    describeRecords(open);
    describeLists(open);
    describeEdges(open);
    describeSessions(open);
  });
}

function describeRecords(open: () => StoreUnderTest): void {
  it('gives back what was created, with version, revision and times', async () => {
    const { store, project } = open();
    const created = await store.create(model(project, 'm1', 'Liver'));
    expect(created).toMatchObject({ title: 'Liver', schemaVersion: 1, revision: 1 });
    expect(await store.get('model', project, 'm1')).toEqual(created);
    expect(created.createdAt).toBe(created.updatedAt);
  });

  it('knows nothing of another project or entity', async () => {
    const { store, project } = open();
    await store.create(model(project, 'm1'));
    expect(await store.get('model', `${project}x`, 'm1')).toBeNull();
    expect(await store.get('export', project, 'm1')).toBeNull();
  });

  it('refuses a second record of one id with Conflict', async () => {
    const { store, project } = open();
    await store.create(model(project, 'm1', 'first'));
    await expect(store.create(model(project, 'm1', 'second'))).rejects.toMatchObject({ code: 'Conflict' });
    expect(await store.get('model', project, 'm1')).toMatchObject({ title: 'first' });
  });

  it('raises the revision with each change and keeps identity and creation time', async () => {
    const { store, clock, project } = open();
    const created = await store.create(model(project, 'm1'));
    clock.advance(1000);
    const changed = await store.update('model', project, 'm1', (current) => ({
      ...current,
      title: 'new',
      id: 'other',
      revision: 99,
      createdAt: '2030-01-01T00:00:00.000Z',
    }));
    expect(changed).toMatchObject({ id: 'm1', title: 'new', revision: 2, createdAt: created.createdAt });
    expect(changed.updatedAt > created.updatedAt).toBe(true);
    expect(await store.get('model', project, 'm1')).toEqual(changed);
  });

  it('leaves the record alone when the change is null', async () => {
    const { store, project } = open();
    const created = await store.create(model(project, 'm1'));
    expect(await store.update('model', project, 'm1', () => null)).toEqual(created);
    expect(await store.get('model', project, 'm1')).toEqual(created);
  });

  it('loses no update among twenty at once', async () => {
    const { store, project } = open();
    await store.create(model(project, 'm1'));
    const increase = () =>
      store.update('model', project, 'm1', (current) => ({
        ...current,
        latestVersion: current.latestVersion + 1,
      }));
    await Promise.all(Array.from({ length: 20 }, increase));
    expect(await store.get('model', project, 'm1')).toMatchObject({ latestVersion: 20, revision: 21 });
  });

  it('answers NotFound to a change of a record that is not there', async () => {
    const { store, project } = open();
    await expect(store.update('model', project, 'm9', (current) => current)).rejects.toMatchObject({
      code: 'NotFound',
    });
  });

  it('deletes a record, and one that is not there without complaint', async () => {
    const { store, project } = open();
    await store.create(model(project, 'm1'));
    await store.delete('model', project, 'm1');
    await store.delete('model', project, 'm1');
    expect(await store.get('model', project, 'm1')).toBeNull();
  });

  it('takes ids with any characters', async () => {
    const { store, project } = open();
    const id = 'a#b c/ü';
    const rest = { state: 'active', role: 'owner', grants: [] as string[] } as const;
    const member = { entity: 'member', project, id, ...rest } as const;
    await store.create(member);
    expect(await store.get('member', project, id)).toMatchObject({ id });
  });
}

function describeLists(open: () => StoreUnderTest): void {
  it('lists one entity of one project by state, oldest first or newest first', async () => {
    const { store, clock, project } = open();
    for (const [id, state] of [
      ['s1', 'running'],
      ['s2', 'failed'],
      ['s3', 'running'],
    ] as const) {
      await store.create(save(project, id, state));
      clock.advance(1000);
    }
    const ids = async (options: Parameters<RecordStore['list']>[2]) =>
      (await store.list('dataset-save', project, options)).items.map(({ id }) => id);
    expect(await ids({ state: 'running' })).toEqual(['s1', 's3']);
    expect(await ids({ state: 'running', newestFirst: true })).toEqual(['s3', 's1']);
    expect(await ids({})).toEqual(['s2', 's1', 's3']);
    expect(await ids({ state: 'run' })).toEqual([]);
  });

  it('moves a record to the list of its new state', async () => {
    const { store, project } = open();
    await store.create(save(project, 's1'));
    await store.update('dataset-save', project, 's1', (current) => ({ ...current, state: 'failed' }));
    expect((await store.list('dataset-save', project, { state: 'running' })).items).toEqual([]);
    expect((await store.list('dataset-save', project, { state: 'failed' })).items).toHaveLength(1);
  });

  it('pages through a list without a gap or a repetition', async () => {
    const { store, clock, project } = open();
    for (let n = 0; n < 7; n += 1) {
      await store.create(save(project, `s${n}`));
      clock.advance(1000);
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { id: string }[]; next: string | null } = await store.list(
        'dataset-save',
        project,
        {
          limit: 3,
          ...(cursor ? { cursor } : {}),
        },
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor);
    expect(seen).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6']);
  });

  it('refuses a cursor that it did not make', async () => {
    const { store, project } = open();
    await store.create(save(project, 's1'));
    for (const cursor of [
      'nonsense',
      Buffer.from('"x"').toString('base64url'),
      Buffer.from('{}').toString('base64url'),
    ]) {
      await expect(store.list('dataset-save', project, { cursor })).rejects.toMatchObject({
        code: 'InvalidRequest',
      });
    }
  });

  it('lists projects across projects', async () => {
    const { store, project } = open();
    await store.create({ entity: 'project', project, id: project, ...PROJECT_FIELDS });
    const other = `${project}b`;
    await store.create({ entity: 'project', project: other, id: other, ...PROJECT_FIELDS });
    const ids = (await store.listProjects({ limit: 200 })).items.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([project, other]));
  });
}

function describeEdges(open: () => StoreUnderTest): void {
  it('follows edges by kind, and adds one only once', async () => {
    const { store, project } = open();
    const from = { entity: 'case', id: 'c1' };
    await store.link(project, from, { entity: 'dataset', id: 'd1' });
    await store.link(project, from, { entity: 'dataset', id: 'd1' });
    await store.link(project, from, { entity: 'dataset', id: 'd2' });
    await store.link(project, from, { entity: 'run', id: 'r1' });
    expect((await store.linked(project, from, 'dataset')).sort()).toEqual(['d1', 'd2']);
    expect(await store.linked(project, from, 'run')).toEqual(['r1']);
    expect(await store.linked(project, { entity: 'case', id: 'c' }, 'dataset')).toEqual([]);
    expect(await store.linked(`${project}x`, from, 'dataset')).toEqual([]);
  });

  it('keeps the looks at one test subject apart from those at another, and from the datasets that hold it', async () => {
    const { store, project } = open();
    const look = (id: string) => ({ entity: 'test-look', id });
    for (const [subject, run] of [
      ['S1', 'r1'],
      ['S1', 'r2'],
      ['S1', 'r1'],
      ['S10', 'r3'],
      ['S1#EDGE#run', 'r4'],
    ] as const) {
      await store.link(project, look(subject), { entity: 'run', id: run });
    }
    await store.link(project, look('S1'), { entity: 'dataset', id: 'd1' });
    expect((await store.linked(project, look('S1'), 'run')).sort()).toEqual(['r1', 'r2']);
    expect(await store.linked(project, look('S10'), 'run')).toEqual(['r3']);
    expect(await store.linked(project, look('S1#EDGE#run'), 'run')).toEqual(['r4']);
    expect(await store.linked(project, look('S1'), 'dataset')).toEqual(['d1']);
  });
}

function describeSessions(open: () => StoreUnderTest): void {
  it('raises the generation once per delivery', async () => {
    const { store, project } = open();
    expect(await store.raiseGeneration(hint(project, 'd1'))).toMatchObject({
      seenBefore: false,
      session: { generation: 1 },
    });
    expect(await store.raiseGeneration(hint(project, 'd1'))).toMatchObject({
      seenBefore: true,
      session: { generation: 1 },
    });
    expect(await store.raiseGeneration(hint(project, 'd2'))).toMatchObject({
      seenBefore: false,
      session: { generation: 2 },
    });
    expect(await store.get('delivery', project, 'd1')).toMatchObject({
      state: 'accepted',
      session: 'xnat:E1',
    });
  });

  it('counts one delivery once when it comes thirty times at once, and different ones each', async () => {
    const { store, project } = open();
    const results = await Promise.all(
      Array.from({ length: 30 }, () => store.raiseGeneration(hint(project, 'same'))),
    );
    expect(results.filter(({ seenBefore }) => !seenBefore)).toHaveLength(1);
    await Promise.all(Array.from({ length: 10 }, (_, n) => store.raiseGeneration(hint(project, `d${n}`))));
    expect(await store.get('session', project, 'xnat:E1')).toMatchObject({ generation: 11 });
  });

  it('keeps the manifest of an upload through hints without one', async () => {
    const { store, project } = open();
    await store.raiseGeneration(hint(project, 'd1', { uploadManifestKey: 'incoming/p/u/_COMPLETE.json' }));
    const { session } = await store.raiseGeneration(hint(project, 'd2'));
    expect(session.uploads).toEqual([
      { manifestKey: 'incoming/p/u/_COMPLETE.json', generation: 1, pending: true },
    ]);
  });

  it('keeps every upload that was heard of, and the lease until each was prepared', async () => {
    const { store, project } = open();
    const key = (n: number) => `incoming/p/u${n}/_COMPLETE.json`;
    const release = { project, sessionRecordId: 'xnat:E1', execution: 'x1', finishedGeneration: 1 };
    const keepUntil = '2026-01-05T00:00:00.000Z';
    const pass = (n: number, generation: number) => ({ generation, uploadManifestKey: key(n), keepUntil });
    await store.raiseGeneration(hint(project, 'd1', { uploadManifestKey: key(1) }));
    await store.leaseSession({ ...LEASE, project, generation: 1, execution: 'x1' });
    await store.raiseGeneration(hint(project, 'd2', { uploadManifestKey: key(2) }));
    await store.raiseGeneration(hint(project, 'd3', { uploadManifestKey: key(1) }));
    for (const _ of ['first', 'told twice']) {
      const { session } = await store.releaseSession({ ...release, pass: pass(1, 1) });
      expect(session).toMatchObject({
        preparedGeneration: 0,
        lease: { generation: 3, expiresAt: keepUntil },
      });
      expect(session.uploads.filter(({ pending }) => pending)).toMatchObject([
        { manifestKey: key(2), generation: 2 },
        { manifestKey: key(1), generation: 3 },
      ]);
    }
    const third = { ...release, finishedGeneration: 3 };
    await store.releaseSession({ ...third, pass: pass(2, 3) });
    const { session } = await store.releaseSession({ ...third, pass: pass(1, 3) });
    expect(session).toMatchObject({ state: 'idle', preparedGeneration: 3, lease: null });
    expect(session.uploads.map(({ pending }) => pending)).toEqual([false, false]);
  });

  it('lets the other uploads go before one that failed', async () => {
    const { store, project } = open();
    const keys = ['incoming/p/u1/_COMPLETE.json', 'incoming/p/u2/_COMPLETE.json'] as const;
    for (const uploadManifestKey of keys) {
      await store.raiseGeneration(hint(project, uploadManifestKey, { uploadManifestKey }));
    }
    await store.leaseSession({ ...LEASE, project, generation: 2, execution: 'x1' });
    const pass = { generation: 2, uploadManifestKey: keys[0], keepUntil: LEASE.expiresAt };
    const failed = { project, sessionRecordId: 'xnat:E1', execution: 'x1', finishedGeneration: null, pass };
    const { session } = await store.releaseSession(failed);
    expect(session).toMatchObject({ state: 'idle', attempt: 1, lease: null });
    expect(session.uploads.map(({ manifestKey }) => manifestKey)).toEqual([keys[1], keys[0]]);
  });

  it('leases a session to one execution at a time, and to the holder again', async () => {
    const { store, project } = open();
    await store.raiseGeneration(hint(project, 'd1'));
    const lease = { ...LEASE, project, generation: 1 };
    expect(await store.leaseSession({ ...lease, execution: 'x1' })).toBe(true);
    expect(await store.leaseSession({ ...lease, execution: 'x2' })).toBe(false);
    expect(await store.leaseSession({ ...lease, execution: 'x1' })).toBe(true);
    expect(
      await store.leaseSession({
        ...lease,
        execution: 'x2',
        now: '2026-01-03T00:00:00.000Z',
        expiresAt: '2026-01-04T00:00:00.000Z',
      }),
    ).toBe(true);
  });

  it('gives one of ten that ask at once the lease', async () => {
    const { store, project } = open();
    await store.raiseGeneration(hint(project, 'd1'));
    const asked = Array.from({ length: 10 }, (_, n) =>
      store.leaseSession({ ...LEASE, project, generation: 1, execution: `x${n}` }),
    );
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
  });

  it('does not lease a generation that is prepared, or not there yet', async () => {
    const { store, project } = open();
    await store.raiseGeneration(hint(project, 'd1'));
    const lease = { ...LEASE, project, execution: 'x1' };
    expect(await store.leaseSession({ ...lease, generation: 2 })).toBe(false);
    await store.leaseSession({ ...lease, generation: 1 });
    await store.releaseSession({
      project,
      sessionRecordId: 'xnat:E1',
      execution: 'x1',
      finishedGeneration: 1,
    });
    expect(await store.leaseSession({ ...lease, generation: 1 })).toBe(false);
  });

  it('does not lease by a generation or an attempt that was overtaken', async () => {
    const { store, project } = open();
    await store.raiseGeneration(hint(project, 'd1'));
    const lease = { ...LEASE, project, execution: 'g1-a1', generation: 1 };
    await store.leaseSession(lease);
    const release = { project, sessionRecordId: 'xnat:E1', execution: 'g1-a1', finishedGeneration: null };
    await store.releaseSession(release);
    expect(await store.leaseSession(lease)).toBe(false);
    await store.raiseGeneration(hint(project, 'd2'));
    expect(await store.leaseSession(lease)).toBe(false);
    expect(await store.leaseSession({ ...lease, execution: 'g2-a1', generation: 2 })).toBe(true);
  });

  it('releases only for the holder; an unfinished one raises the attempt, a new hint starts over', async () => {
    const { store, project } = open();
    await store.raiseGeneration(hint(project, 'd1'));
    await store.leaseSession({ ...LEASE, project, generation: 1, execution: 'x1' });
    const release = { project, sessionRecordId: 'xnat:E1', finishedGeneration: null };
    expect(await store.releaseSession({ ...release, execution: 'x2' })).toMatchObject({ released: false });
    expect(await store.releaseSession({ ...release, execution: 'x1' })).toMatchObject({
      released: true,
      session: { state: 'idle', attempt: 1, preparedGeneration: 0, lease: null },
    });
    expect(await store.raiseGeneration(hint(project, 'd2'))).toMatchObject({ session: { attempt: 0 } });
  });
}
