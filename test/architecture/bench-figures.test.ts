import { describe, expect, it } from '@jest/globals';
import { interleave, summarise } from '../bench/statistics.ts';

describe('summarise', () => {
  it('gives the median and, of nine values, the second and the eighth as its interval', () => {
    const { median, low, high, count } = summarise([9, 1, 8, 2, 7, 3, 6, 4, 5]);
    expect({ median, low, high, count }).toEqual({ median: 5, low: 2, high: 8, count: 9 });
  });

  it('leaves out four values at each end of seventeen', () => {
    const { low, high } = summarise(Array.from({ length: 17 }, (_, at) => at + 1));
    expect([low, high]).toEqual([5, 13]);
  });

  it('takes the whole range where there are too few values for an interval at 95 %', () => {
    const { median, low, high } = summarise([1, 2, 3, 4]);
    expect([median, low, high]).toEqual([2.5, 1, 4]);
  });
});

describe('interleave', () => {
  it('measures in turn and does not count the first round', async () => {
    const order: string[] = [];
    const measure = (name: string) => async () => order.push(name);
    const values = await interleave({ a: measure('a'), b: measure('b') }, 2);
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(values).toEqual({ a: [3, 5], b: [4, 6] });
  });
});
