import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { crashingPorts, deliver, settle } from './prepare-session-runner.ts';
import { boxContours, ctSeries, putUpload, sessionFixture } from './session-fixture.ts';

/** Series by the uploads that draw on them: 0 and 2 on the first, 1 and 3 on the second. */
const SERIES = ['1.2.826.0.1.3680043.10.1', '1.2.826.0.1.3680043.10.2'];
const MAX_UPLOADS = 4;

type Written = Awaited<ReturnType<typeof putUpload>>;

/** So many uploads of one session, a minute apart, each with contours of its own. */
async function written(ports: MemoryPorts, count: number): Promise<Written[]> {
  const events: Written[] = [];
  for (let n = 0; n < count; n += 1) {
    ports.clock.advance(60_000);
    const seriesUid = SERIES[n % SERIES.length] ?? '';
    const structures = [{ name: `rs${n}.dcm`, bytes: boxContours({ width: 2 + n, seriesUid }) }];
    events.push(await putUpload(ports, { uploadId: `U${n}`, images: ctSeries(seriesUid), structures }));
  }
  return events;
}

const cases = (ports: MemoryPorts, counting: boolean) =>
  ports.records
    .all('case')
    .filter(({ state }) => (state === 'ready' || state === 'needs-review') === counting)
    .map(({ id, state, seriesUid, roiSha256, uploadManifestKey }) => ({
      id,
      state,
      seriesUid,
      roiSha256,
      uploadManifestKey,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));

const whole = new Map<number, Promise<MemoryPorts>>();

function inOrder(count: number): Promise<MemoryPorts> {
  const made = whole.get(count) ?? oneByOne(count);
  whole.set(count, made);
  return made;
}

async function oneByOne(count: number): Promise<MemoryPorts> {
  const { ports } = await sessionFixture();
  for (const event of await written(ports, count)) {
    await deliver(event, ports);
    await settle(ports);
  }
  return ports;
}

/** Every upload's event once or more, in any order, each followed by all its executions or by none. */
const deliveries = fc.integer({ min: 2, max: MAX_UPLOADS }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    order: fc
      .tuple(
        fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
        fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 3 }),
      )
      .map(([all, again]) => [...all, ...again]),
    settles: fc.array(fc.boolean(), { minLength: MAX_UPLOADS + 3, maxLength: MAX_UPLOADS + 3 }),
  }),
);

function expectNothingLost(ports: MemoryPorts): void {
  const [session] = ports.records.all('session');
  expect(session).toMatchObject({ state: 'idle', lease: null, preparedGeneration: session?.generation });
  expect(session?.uploads.filter(({ pending }) => pending)).toEqual([]);
}

describe('several uploads of one session', () => {
  it('end with the same cases, each filed with its own manifest, in whatever order their events come', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ count, order, settles }) => {
        const { ports } = await sessionFixture();
        const events = await written(ports, count);
        for (const [step, n] of order.entries()) {
          await deliver(events[n], ports);
          if (settles[step]) await settle(ports);
        }
        await settle(ports);
        const expected = await inOrder(count);
        expect(cases(ports, true)).toEqual(cases(expected, true));
        expect(cases(ports, false)).toEqual(cases(expected, false));
        expectNothingLost(ports);
      }),
      { numRuns: 8 },
    );
  });

  it('end with the same cases when the process ends before or after any single call', async () => {
    const expected = cases(await inOrder(3), true);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 160 }), fc.boolean(), async (call, after) => {
        const { ports } = await sessionFixture();
        const [first, second, third] = await written(ports, 3);
        const faulty = crashingPorts(ports, call, after);
        await deliver(third, ports);
        await deliver(first, ports, faulty);
        await deliver(second, ports);
        await settle(ports, faulty);
        expect(cases(ports, true)).toEqual(expected);
        expectNothingLost(ports);
      }),
      { numRuns: 12 },
    );
  });

  it('are prepared though one of them has gone since its event, which is recorded as refused', async () => {
    const { ports } = await sessionFixture();
    const events = await written(ports, 3);
    for (const event of events) await deliver(event, ports);
    ports.objects.contents.delete('incoming/P1/U0/_COMPLETE.json');
    await settle(ports);
    expect(cases(ports, true)).toHaveLength(2);
    expect(ports.records.all('delivery').filter(({ state }) => state === 'rejected')).toMatchObject([
      { problem: { code: 'NotFound', stage: 'FetchScans' } },
    ]);
    expectNothingLost(ports);
  });

  it('wait for no other one that cannot be read for the time being', async () => {
    const { ports } = await sessionFixture();
    const [first, second] = await written(ports, 2);
    await deliver(first, ports);
    await deliver(second, ports);
    const { read } = ports.objects;
    ports.objects.read = async (ref) => {
      if (ref.key.startsWith('incoming/P1/U0/_')) throw new Error('something unforeseen');
      return read(ref);
    };
    await settle(ports);
    expect(cases(ports, true)).toMatchObject([{ uploadManifestKey: 'incoming/P1/U1/_COMPLETE.json' }]);
    expect(ports.records.all('session')[0]?.uploads).toMatchObject([
      { manifestKey: 'incoming/P1/U1/_COMPLETE.json', pending: false },
      { manifestKey: 'incoming/P1/U0/_COMPLETE.json', pending: true },
    ]);
  });
});
