import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSetAside, refusedImages } from '../../../../src/cli/imaging/plan-folder-series.ts';

const CODES = ['Localizer', 'SecondaryCapture', 'ColourImage', 'MixedSeries', 'IrregularSpacing'] as const;

describe('refusedImages', () => {
  it('counts every image that nobody set aside, once, under its reason', () => {
    const rejection = fc.record({
      sopInstanceUid: fc.constant('1.2'),
      frame: fc.integer({ min: 1, max: 9 }),
      code: fc.constantFrom(...CODES),
      message: fc.constantFrom('one', 'another'),
    });
    fc.assert(
      fc.property(fc.array(rejection), (rejected) => {
        const refused = refusedImages({ rejected });
        for (const { reason, message, images } of refused) {
          expect(isSetAside(reason)).toBe(false);
          expect(images).toBe(
            rejected.filter((one) => one.code === reason && one.message === message).length,
          );
        }
        expect(refused.reduce((sum, { images }) => sum + images, 0)).toBe(
          rejected.filter(({ code }) => !isSetAside(code)).length,
        );
      }),
    );
  });
});
