import { expect, it } from '@jest/globals';
import { extentOf } from '../../../../src/imaging/series/extent.ts';

it('finds the least and largest of more numbers than a call takes arguments', () => {
  expect(extentOf(Array.from({ length: 300_000 }, (_, n) => n - 5))).toEqual([-5, 299_994]);
});

it('has no extent without numbers', () => {
  expect(extentOf([])).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
});
