import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Ports } from '../../../src/ports/index.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { crashingPorts, deliver, settle } from './prepare-session-runner.ts';
import { boxContours, type FakeArchive, hintOf, putUpload, sessionFixture } from './session-fixture.ts';

/** What people did: a save of contours of some width, at some minute. Widths are distinct contents. */
const WIDTHS = [2, 4, 6] as const;

function save(archive: FakeArchive, step: number): void {
  const width = WIDTHS[step % WIDTHS.length] ?? 2;
  archive.collections.set(`ROI_${step}`, {
    savedAt: `2026-03-01T09:0${step}:00Z`,
    rtstruct: boxContours({ width }),
  });
}

const goodCases = (ports: MemoryPorts) =>
  ports.records
    .all('case')
    .filter(({ state }) => state === 'ready' || state === 'needs-review')
    .map(({ id, state, assessorId, resources }) => ({
      id,
      state,
      assessorId,
      digests: resources.map(({ object }) => object.sha256),
    }));

async function expected(saves: number): Promise<ReturnType<typeof goodCases>> {
  const { ports, archive } = await sessionFixture();
  for (let step = 0; step < saves; step += 1) save(archive, step);
  await deliver(hintOf('only'), ports);
  await settle(ports);
  return goodCases(ports);
}

describe('a session prepared by any events', () => {
  it('ends with the same single case, however hints are repeated, reordered and interleaved with saves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delivery: fc.integer({ min: 0, max: 5 }), settles: fc.boolean() }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 3 }),
        async (messages, saves) => {
          const { ports, archive } = await sessionFixture();
          let done = 0;
          for (const { delivery, settles } of messages) {
            if (done < saves) save(archive, done++);
            await deliver(hintOf(`d${delivery}`), ports);
            if (settles) await settle(ports);
          }
          while (done < saves) save(archive, done++);
          await deliver(hintOf('last'), ports);
          await settle(ports);
          expect(goodCases(ports)).toEqual(await expected(saves));
          const [session] = ports.records.all('session');
          expect(session).toMatchObject({ state: 'idle', preparedGeneration: session?.generation });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('ends with the same case when the process ends before or after any single call', async () => {
    const whole = await expected(2);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 120 }), fc.boolean(), async (call, after) => {
        const { ports, archive } = await sessionFixture();
        save(archive, 0);
        await deliver(hintOf('first'), ports);
        await settle(ports);
        save(archive, 1);
        const faulty: Ports = crashingPorts(ports, call, after);
        await deliver(hintOf('second'), ports, faulty);
        await settle(ports, faulty);
        expect(goodCases(ports)).toEqual(whole);
        expect(ports.records.all('session')[0]).toMatchObject({ state: 'idle', lease: null });
      }),
      { numRuns: 60 },
    );
  });

  it('starts one execution for a hundred deliveries of one hint', async () => {
    const { ports, archive } = await sessionFixture();
    save(archive, 0);
    await Promise.all(Array.from({ length: 100 }, () => deliver(hintOf('same'), ports)));
    await settle(ports);
    expect(ports.workflows.executions).toHaveLength(1);
    expect(ports.records.all('session')[0]?.generation).toBe(1);
    expect(ports.records.all('case')).toHaveLength(1);
  });

  it('prepares an upload once, however often its manifest is announced', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    for (let time = 0; time < 5; time += 1) {
      await deliver(event, ports);
      await settle(ports);
    }
    expect(ports.workflows.executions).toHaveLength(1);
    expect(goodCases(ports)).toHaveLength(1);
  });
});
