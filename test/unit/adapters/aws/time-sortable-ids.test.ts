import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nodeHasher } from '../../../../src/adapters/aws/node-hasher.ts';
import { systemClock } from '../../../../src/adapters/aws/system-clock.ts';
import { createTimeSortableIds } from '../../../../src/adapters/aws/time-sortable-ids.ts';
import { RunId } from '../../../../src/contracts/identifiers.ts';

function idAt(milliseconds: number, fill: number): string {
  const clock = { now: () => new Date(milliseconds) };
  return createTimeSortableIds(clock, (size) => new Uint8Array(size).fill(fill)).next('run');
}

describe('ids', () => {
  it('spell time and randomness in base 32', () => {
    expect(idAt(0, 0)).toBe('run-00000000000000000000000000');
    expect(idAt(33, 31)).toBe('run-0000000011zzzzzzzzzzzzzzzz');
    expect(idAt(33, 255)).toBe(idAt(33, 31));
  });

  it('sort as text by their time, whatever the random part', () => {
    const time = fc.integer({ min: 0, max: Date.UTC(2200, 0) });
    fc.assert(
      fc.property(time, time, fc.nat(255), fc.nat(255), (first, second, a, b) => {
        fc.pre(first !== second);
        expect(idAt(first, a) < idAt(second, b)).toBe(first < second);
      }),
    );
  });

  it('are valid and different at one instant', () => {
    const ids = createTimeSortableIds({ now: () => new Date(0) });
    const made = Array.from({ length: 1000 }, () => RunId.parse(ids.next('run')));
    expect(new Set(made).size).toBe(1000);
  });
});

describe('the primitives of the platform', () => {
  it('hash text and bytes alike', () => {
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(nodeHasher.sha256('abc')).toBe(sha256);
    expect(nodeHasher.sha256(new TextEncoder().encode('abc'))).toBe(sha256);
  });

  it('tell the time', () => {
    const before = Date.now();
    const now = systemClock.now().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });
});
