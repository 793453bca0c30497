import { describe, expect, it, jest } from '@jest/globals';
import { ORGAN_NAMES } from '../../../local/phantoms/anatomy.ts';
import { generatePhantoms } from '../../../local/phantoms/generate-phantom.ts';
import type { PhantomTruth } from '../../../local/phantoms/phantom-truth.ts';
import { cohortBaseline, thresholdBaseline } from '../../../local/phantoms/threshold-baseline.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

describe('thresholdBaseline', () => {
  const truths = generatePhantoms(1, 6).map((phantom) => phantom.truth);

  it('stays below Dice 0.75 on every organ of every phantom, even with the truth in hand', () => {
    for (const dice of truths.map(thresholdBaseline)) {
      for (const organ of ORGAN_NAMES) expect(dice[organ]).toBeLessThan(0.75);
    }
    expect(cohortBaseline(truths).Liver).toBeGreaterThan(0.2);
  });

  it('reaches 1 where grey values alone tell the organs apart', () => {
    const [truth] = truths as [PhantomTruth];
    const hounsfield = Int16Array.from(truth.labels, (label) => [-100, 50, 120, 200][label] as number);
    const dice = thresholdBaseline({ ...truth, hounsfield });
    expect(dice).toEqual({ Liver: 1, Spleen: 1, Kidney: 1 });
  });
});
