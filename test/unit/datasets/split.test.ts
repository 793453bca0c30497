import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PARTITIONS } from '../../../src/contracts/dataset.ts';
import { partitionSizes, splitSubjects } from '../../../src/datasets/split.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';

const subjectsList = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9]{1,8}$/), {
  minLength: 3,
  maxLength: 120,
});
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
/** Three fractions above zero that add up to 1. */
const fractions = fc
  .tuple(fc.integer({ min: 1, max: 98 }), fc.integer({ min: 1, max: 98 }))
  .filter(([a, b]) => a + b < 100)
  .map(([a, b]) => ({ training: a / 100, validation: b / 100, test: (100 - a - b) / 100 }));
const rules = fc.tuple(fractions, seed).map(([parts, value]) => ({ ...parts, seed: value }));

function sizesOf(split: Map<string, string>): number[] {
  return PARTITIONS.map((partition) => [...split.values()].filter((value) => value === partition).length);
}

describe('splitSubjects', () => {
  it('puts every subject into exactly one partition and none is empty', () => {
    fc.assert(
      fc.property(subjectsList, rules, (subjects, rule) => {
        const split = splitSubjects(subjects, rule, sha256Hex);
        expect([...split.keys()].sort()).toEqual([...subjects].sort());
        expect(Math.min(...sizesOf(split))).toBeGreaterThan(0);
      }),
    );
  });

  it('does not depend on the order or the number of cases of a subject', () => {
    fc.assert(
      fc.property(subjectsList, rules, seed, (subjects, rule, shuffle) => {
        const cases = [...subjects, ...subjects.slice(0, 5)].sort((a, b) =>
          sha256Hex(`${shuffle}${a}`) < sha256Hex(`${shuffle}${b}`) ? -1 : 1,
        );
        const expected = splitSubjects(subjects, rule, sha256Hex);
        const actual = splitSubjects(cases, rule, sha256Hex);
        expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
      }),
    );
  });

  it('keeps every partition within one subject of its fraction when each is due at least one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 500 }), rules, (count, rule) => {
        fc.pre(PARTITIONS.every((partition) => rule[partition] * count >= 1));
        const sizes = partitionSizes(count, rule);
        for (const partition of PARTITIONS) {
          expect(Math.abs(sizes[partition] - rule[partition] * count)).toBeLessThan(1.0001);
        }
      }),
    );
  });

  it('changes with the seed', () => {
    const subjects = Array.from({ length: 30 }, (_, index) => `S${index}`);
    const rule = { training: 0.6, validation: 0.2, test: 0.2 };
    const [one, two] = [1, 2].map((value) => splitSubjects(subjects, { ...rule, seed: value }, sha256Hex));
    expect(Object.fromEntries(one ?? [])).not.toEqual(Object.fromEntries(two ?? []));
  });

  it.each([
    [12, { training: 0.7, validation: 0.15, test: 0.15 }, [8, 2, 2]],
    [10, { training: 0.7, validation: 0.2, test: 0.1 }, [7, 2, 1]],
    [3, { training: 0.98, validation: 0.01, test: 0.01 }, [1, 1, 1]],
    [4, { training: 0.98, validation: 0.01, test: 0.01 }, [2, 1, 1]],
    [5, { training: 0.8, validation: 0.2, test: 0 }, [4, 1, 0]],
    [1, { training: 1, validation: 0, test: 0 }, [1, 0, 0]],
  ])('splits %i subjects by %j into %j', (count, parts, expected) => {
    const sizes = partitionSizes(count, { ...parts, seed: 0 });
    expect(PARTITIONS.map((partition) => sizes[partition])).toEqual(expected);
  });

  it.each([
    [2, { training: 0.6, validation: 0.2, test: 0.2 }, '2 subject(s) cannot fill 3 partitions'],
    [9, { training: 0.6, validation: 0.2, test: 0.1 }, 'add up to 0.9'],
    [9, { training: 0, validation: 0.5, test: 0.5 }, 'training above 0'],
  ])('refuses %i subjects by %j', (count, parts, reason) => {
    expect(() => partitionSizes(count, { ...parts, seed: 0 })).toThrow(
      expect.objectContaining({ code: 'InvalidSplit', message: expect.stringContaining(reason) }),
    );
  });
});
