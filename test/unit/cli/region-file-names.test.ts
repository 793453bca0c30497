import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { regionFileNames } from '../../../src/cli/mask/region-file-names.ts';

describe('regionFileNames', () => {
  it.each([
    [
      ['Liver', 'liver', 'LIVER '],
      ['Liver.nii.gz', 'liver_2.nii.gz', 'LIVER_3.nii.gz'],
    ],
    [
      ['../../etc/passwd', '..', '/', '', '.'],
      ['etc_passwd.nii.gz', 'region.nii.gz', 'region_2.nii.gz', 'region_3.nii.gz', 'region_4.nii.gz'],
    ],
    [
      ['näme_with:odd*chars', 'na\u0308me_with:odd*chars'],
      ['näme_with_odd_chars.nii.gz', 'näme_with_odd_chars_2.nii.gz'],
    ],
    [
      ['CON', 'com1.x', 'nul'],
      ['region_CON.nii.gz', 'region_com1.x.nii.gz', 'region_nul.nii.gz'],
    ],
    [
      ['A_2', 'A', 'A'],
      ['A_2.nii.gz', 'A.nii.gz', 'A_3.nii.gz'],
    ],
    [['x'.repeat(500)], [`${'x'.repeat(120)}.nii.gz`]],
    [
      ['a\0b', 'a\nb', '🫀'],
      ['a_b.nii.gz', 'a_b_2.nii.gz', 'region.nii.gz'],
    ],
  ])('turns %j into %j', (names, expected) => {
    expect(regionFileNames(names)).toEqual(expected);
  });

  it('gives short, plain and different names for any names, none of them taken', () => {
    const manyNames = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(manyNames, fc.nat(), (names, at) => {
        const taken = regionFileNames(names)[at % names.length]?.toUpperCase() ?? '';
        const files = regionFileNames(names, [taken]);
        expect(files).toHaveLength(names.length);
        const all = [taken, ...files].map((file) => file.normalize('NFKC').toLowerCase());
        expect(new Set(all).size).toBe(names.length + 1);
        for (const file of files) {
          expect(file).toMatch(/^[\p{L}\p{N}\p{M}][\p{L}\p{M}\p{N}._-]*\.nii\.gz$/u);
          expect(Buffer.byteLength(file)).toBeLessThan(150);
        }
      }),
    );
  });
});
