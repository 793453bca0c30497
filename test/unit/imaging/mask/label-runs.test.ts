import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LabelRuns } from '../../../../src/imaging/mask/label-runs.ts';
import { SliceRuns } from '../../../../src/imaging/mask/slice-runs.ts';

const [COLUMNS, ROWS] = [9, 6];
const VOXELS = COLUMNS * ROWS;

function regionOf(bits: readonly boolean[]): SliceRuns {
  const runs = new SliceRuns(COLUMNS, ROWS);
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const at = row * COLUMNS + column;
      if (bits[at] !== true) continue;
      let to = column;
      while (to < COLUMNS && bits[row * COLUMNS + to] === true) to++;
      runs.add(at, row * COLUMNS + to);
      column = to;
    }
  }
  return runs;
}

const REGION = fc
  .tuple(fc.array(fc.boolean(), { minLength: VOXELS, maxLength: VOXELS }), fc.boolean())
  // Sparse and dense ones; those that fill everything or nothing, too.
  .map(([bits, dense]) => bits.map((bit, at) => (dense ? bit || at % 3 > 0 : bit)));
const EXTREMES = fc.constantFrom(
  new Array<boolean>(VOXELS).fill(true),
  new Array<boolean>(VOXELS).fill(false),
);

describe('LabelRuns', () => {
  it('holds what painting voxel by voxel gives, and tells who had each of them', () => {
    const region = fc.tuple(
      fc.oneof({ weight: 5, arbitrary: REGION }, EXTREMES),
      fc.integer({ min: 1, max: 4 }),
    );
    fc.assert(
      fc.property(fc.array(region, { maxLength: 6 }), (regions) => {
        const voxels = new Uint8Array(VOXELS);
        let [labels, spare] = [new LabelRuns(), new LabelRuns()];
        labels.clear(VOXELS);
        for (const [bits, value] of regions) {
          const [taken, expected] = [new Map<number, number>(), new Map<number, number>([[0, 0]])];
          spare.paint(labels, regionOf(bits), value, (owner, count) => {
            taken.set(owner, (taken.get(owner) ?? 0) + count);
          });
          bits.forEach((bit, at) => {
            if (!bit) return;
            const owner = voxels[at] as number;
            expected.set(owner, (expected.get(owner) ?? 0) + 1);
            voxels[at] = value;
          });
          [labels, spare] = [spare, labels];
          expect([...taken].sort()).toEqual([...expected].sort());
        }
        const drawn = new Uint8Array(VOXELS).fill(99);
        labels.expand(drawn);
        expect([...drawn]).toEqual([...voxels]);
        const ends = [...labels.ends.subarray(0, labels.length)];
        expect(ends.every((end, at) => end > (ends[at - 1] ?? 0))).toBe(true);
        expect(ends.at(-1)).toBe(VOXELS);
      }),
    );
  });
});
