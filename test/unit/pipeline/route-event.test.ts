import { describe, expect, it } from '@jest/globals';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import { executionName } from '../../../src/pipeline/start-preparation.ts';
import { ctSeries, hintOf, objectCreated, PROJECT, putUpload, sessionFixture } from './session-fixture.ts';

describe('routeEvent', () => {
  it('leases the session and starts one execution, named by session, generation and attempt', async () => {
    const { ports } = await sessionFixture();
    expect(await routeEvent(hintOf('a'), ports)).toEqual({
      outcome: 'started',
      cause: 'webhook',
      deliveryId: 'a',
    });
    const [execution] = ports.workflows.executions;
    expect(execution).toMatchObject({ machine: 'prepare-session' });
    expect(execution?.name).toMatch(/^[0-9a-f]{32}-g1-a1$/);
    expect(ports.records.all('session')[0]).toMatchObject({
      state: 'leased',
      lease: { execution: execution?.name },
    });
  });

  it('lets the running execution see a second hint instead of starting another', async () => {
    const { ports } = await sessionFixture();
    await routeEvent(hintOf('a'), ports);
    expect(await routeEvent(hintOf('b'), ports)).toMatchObject({ outcome: 'held' });
    expect(ports.records.all('session')[0]).toMatchObject({ generation: 2, lease: { generation: 1 } });
    expect(ports.workflows.executions).toHaveLength(1);
  });

  it('gives the lease back when the start fails, and starts under the next name', async () => {
    const { ports } = await sessionFixture();
    ports.workflows.failNextStart(new Error('throttled'));
    await expect(routeEvent(hintOf('a'), ports)).rejects.toThrow('throttled');
    expect(ports.records.all('session')[0]).toMatchObject({ state: 'idle', attempt: 1 });
    await routeEvent(hintOf('a'), ports);
    expect(ports.workflows.executions.map(({ name }) => name.slice(-6))).toEqual(['-g1-a2']);
  });

  it('keeps the lease of a running execution when the same message comes again and the start fails', async () => {
    const { ports } = await sessionFixture();
    await routeEvent(hintOf('a'), ports);
    ports.workflows.failNextStart(new Error('throttled'));
    await expect(routeEvent(hintOf('a'), ports)).rejects.toThrow('throttled');
    expect(ports.records.all('session')[0]).toMatchObject({ state: 'leased', attempt: 0 });
  });

  it('starts the holder of a lease that died before its start, though a newer hint came first', async () => {
    const { ports } = await sessionFixture();
    const crash = new Error('the process is gone');
    const { releaseSession } = ports.records;
    ports.workflows.failNextStart(crash);
    ports.records.releaseSession = () => Promise.reject(crash);
    await expect(routeEvent(hintOf('a'), ports)).rejects.toThrow(crash.message);
    ports.records.releaseSession = releaseSession;
    expect(ports.workflows.executions).toEqual([]);
    expect(await routeEvent(hintOf('b'), ports)).toMatchObject({ outcome: 'held' });
    expect(await routeEvent(hintOf('a'), ports)).toMatchObject({ outcome: 'held' });
    const [lease] = ports.records.all('session').map((record) => record.lease);
    expect(ports.workflows.executions).toMatchObject([
      { name: lease?.execution, input: { generation: 1, execution: lease?.execution } },
    ]);
  });

  it.each([0, 1])(
    'gives no lease to a name that is over, ended while a message was at work (%i newer)',
    async (newer) => {
      const { ports } = await sessionFixture();
      await routeEvent(hintOf('a'), ports);
      const [read] = ports.records.all('session');
      if (!read?.lease) throw new Error('nothing was leased');
      const { project, id } = read;
      const { execution } = read.lease;
      const release = { project, sessionRecordId: id, execution, finishedGeneration: null };
      await ports.records.releaseSession(release);
      if (newer === 1) await ports.records.raiseGeneration(hintOf('b'));
      ports.records.raiseGeneration = () => Promise.resolve({ session: read, seenBefore: true });
      expect(await routeEvent(hintOf('a'), ports)).toMatchObject({ outcome: 'started' });
      const names = ports.workflows.executions.map(({ name }) => name.slice(-6));
      expect(names).toEqual(['-g1-a1', newer === 1 ? '-g2-a1' : '-g1-a2']);
      expect(ports.records.all('session')[0]?.lease?.execution.slice(-6)).toBe(names[1]);
    },
  );

  it('takes over an expired lease', async () => {
    const { ports } = await sessionFixture();
    await routeEvent(hintOf('a'), ports);
    ports.clock.advance(26 * 3_600_000);
    expect(await routeEvent(hintOf('b'), ports)).toMatchObject({ outcome: 'started' });
  });

  it('ignores hints of projects that are not active', async () => {
    const { ports } = await sessionFixture();
    expect(await routeEvent(hintOf('a', { project: 'P2' }), ports)).toMatchObject({ outcome: 'ignored' });
    await ports.records.update('project', PROJECT, PROJECT, (current) => ({ ...current, state: 'archived' }));
    expect(await routeEvent(hintOf('b'), ports)).toMatchObject({ outcome: 'ignored' });
    expect(ports.workflows.executions).toEqual([]);
  });

  it('ignores a recovery of a session that it does not know', async () => {
    const { ports } = await sessionFixture();
    expect(await routeEvent(hintOf('r', { cause: 'recovery' }), ports)).toMatchObject({ outcome: 'ignored' });
  });

  it.each([
    ['a message that is no hint', { hello: 'world' }, 'MalformedBody'],
    ['a hint of a newer release', { ...hintOf('a'), schemaVersion: 2 }, 'UnknownSchemaVersion'],
    ['null', null, 'MalformedBody'],
  ])('refuses %s, so that it ends in the dead letters', async (_name, message, code) => {
    const { ports } = await sessionFixture();
    await expect(routeEvent(message, ports)).rejects.toMatchObject({ code });
  });

  it('makes names of at most 80 characters', () => {
    const session = { archiveId: 'a'.repeat(64), project: 'p'.repeat(64), session: 's'.repeat(64) };
    const record = { ...session, generation: 1e9, attempt: 99 } as Parameters<typeof executionName>[0];
    expect(executionName(record, { sha256: () => 'f'.repeat(64) }).length).toBeLessThanOrEqual(80);
  });
});

describe('routeEvent of an upload', () => {
  it('starts nothing and says why when a file is missing, then starts when it is there', async () => {
    const { ports } = await sessionFixture();
    expect(await routeEvent(await putUpload(ports, { leaveOut: ['2.dcm'] }), ports)).toMatchObject({
      outcome: 'rejected',
    });
    expect(ports.records.all('delivery')).toMatchObject([
      { state: 'rejected', problem: { code: 'UploadIncomplete', stage: 'RouteEvent' } },
    ]);
    expect(ports.records.all('delivery')[0]?.problem?.message).toContain('2.dcm');
    expect(ports.workflows.executions).toEqual([]);
    expect(await routeEvent(await putUpload(ports), ports)).toMatchObject({
      outcome: 'started',
      cause: 'upload',
    });
  });

  it('refuses one writing of a manifest once, however often it is announced', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports, { leaveOut: ['2.dcm'] });
    for (const id of ['e1', 'e2']) await routeEvent({ ...event, id }, ports);
    expect(ports.records.all('delivery')).toHaveLength(1);
    await routeEvent(await putUpload(ports, { leaveOut: ['2.dcm'] }), ports);
    expect(ports.records.all('delivery')).toHaveLength(2);
  });

  it('counts an empty file as missing', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    await ports.objects.write('incoming/P1/U1/0.dcm', new Uint8Array());
    expect(await routeEvent(event, ports)).toMatchObject({ outcome: 'rejected' });
  });

  const [first] = ctSeries();
  const digest = 'a'.repeat(64);
  it.each([
    ['no JSON', undefined, 'MalformedBody'],
    ['without images', { images: [] }, 'MalformedBody'],
    ['with a file outside its folder', { images: [{ key: '../U2/0.dcm', sha256: digest }] }, 'MalformedBody'],
    [
      'with a file listed twice',
      {
        images: [
          { key: 'a', sha256: digest },
          { key: 'a', sha256: digest },
        ],
      },
      'MalformedBody',
    ],
    ['of a newer release', { schemaVersion: 2 }, 'UnknownSchemaVersion'],
  ])('rejects a manifest %s', async (_name, manifest, code) => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports, manifest ? { manifest } : {});
    if (!manifest)
      await ports.objects.write('incoming/P1/U1/_COMPLETE.json', first?.bytes ?? new Uint8Array());
    await routeEvent(event, ports);
    expect(ports.records.all('delivery')).toMatchObject([{ state: 'rejected', problem: { code } }]);
    expect(ports.workflows.executions).toEqual([]);
  });

  it('rejects a manifest of more than 8 MiB unread', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    await ports.objects.write('incoming/P1/U1/_COMPLETE.json', new Uint8Array(8 * 1024 * 1024 + 1));
    expect(await routeEvent(event, ports)).toMatchObject({ outcome: 'rejected' });
  });

  it('rejects an upload into a project that is not there', async () => {
    const { ports } = await sessionFixture();
    expect(await routeEvent(objectCreated('incoming/P9/U1/_COMPLETE.json'), ports)).toMatchObject({
      outcome: 'rejected',
    });
    expect(ports.records.all('delivery')).toMatchObject([{ project: 'P9', problem: { code: 'NotFound' } }]);
  });

  it('ignores other objects, and events of another form', async () => {
    const { ports } = await sessionFixture();
    expect(await routeEvent(objectCreated('incoming/P1/U1/0.dcm'), ports)).toMatchObject({
      outcome: 'ignored',
    });
    const odd = { ...objectCreated('x'), detail: { nothing: true } };
    expect(await routeEvent(odd, ports)).toMatchObject({ outcome: 'ignored' });
  });

  it('passes on a failure of the store, so that the message comes again', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    const objects = { ...ports.objects, list: () => Promise.reject(new Error('S3 is away')) };
    await expect(routeEvent(event, { ...ports, objects })).rejects.toThrow('S3 is away');
  });
});
