import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { valueMatcher } from '../../../src/datasets/value-matcher.ts';

const RUN_OF_A = 'a'.repeat(1_000);

describe('valueMatcher', () => {
  it.each([
    // equality
    ['NIFTI', 'NIFTI', true],
    ['NIFTI', 'nifti', false],
    ['NIFTI', 'NIFTI_GZ', false],
    ['100%%', '100%', true],
    ['/', '/', true],
    ['//', '//', true],
    ['/a', '/a', true],
    // LIKE
    ['T1%', 'T1 MPRAGE', true],
    ['T1%', 'ax T1', false],
    ['%T1%', 'ax T1 post', true],
    ['T_%', 'T1', true],
    ['T_%', 'T', false],
    ['%%%', '%x', true],
    ['%%%', 'x', false],
    ['a.c%', 'abc', false],
    ['%', '', true],
    // regular expressions, found anywhere
    ['/T1./', 'my T1w', true],
    ['/T1./', 't1w', false],
    ['/T1./i', 't1w', true],
    ['/nifti/i', 'NIFTI_GZ', true],
    ['/^.T2[[:space:]]+FLAIR.$/', 'xT2   FLAIRx', true],
    ['/^.T2[[:space:]]+FLAIR.$/', 'T2 FLAIR', false],
    ['/^JPE?G$/', 'JPG', true],
    ['/^JPE?G$/', 'JPEEG', false],
    ['/Segmentat.{3}/i', 'SEGMENTATION', true],
    ['/Segmentat.{3}/i', 'Segmentat', false],
    ['/^a{2,3}$/', 'aaa', true],
    ['/^a{2,3}$/', 'aaaa', false],
    ['/^a{2,}$/', 'aaaaaa', true],
    ['/^(ab|c)*d$/', 'ababcd', true],
    ['/^(?:ab|c)+$/', 'abx', false],
    ['/^[^0-9]+$/', 'abc', true],
    ['/^[^0-9]+$/', 'ab1', false],
    ['/^[]x-]$/', ']', true],
    ['/^[]x-]$/', '-', true],
    ['/^\\d\\s\\w$/', '1 _', true],
    ['/^\\D\\S\\W$/', 'a1-', true],
    ['/^[[:alpha:][:digit:]]+$/', 'ä1', true],
    ['/^[[:upper:]][[:lower:]][[:alnum:]][[:punct:]]$/', 'Ab1.', true],
    ['/1\\.5/', '1x5', false],
    ['/a|^$/', '', true],
    ['/a||b/', 'zzz', true],
    ['/[\\d.]+/', '1.5', true],
    ['/ÄB/i', 'äb', true],
  ])('%s on %j is %s', (value, text, expected) => {
    expect(valueMatcher(value)(text)).toBe(expected);
  });

  it.each([
    ['/(/', '")" is missing'],
    ['/a)/', 'has no partner'],
    ['/*/', 'nothing to repeat'],
    ['/{2}/', 'nothing to repeat'],
    ['/a{/', 'must begin {n}'],
    ['/a{3,2}/', 'ordered'],
    ['/a{999}/', 'at most 100'],
    ['/a+?/', 'lazy'],
    ['/a**/', 'lazy'],
    ['/^*/', 'anchor'],
    ['/(?=a)/', 'look-around'],
    ['/(?<n>a)/', 'look-around'],
    ['/(a)\\1/', '"\\1" is not supported'],
    ['/[b-a]/', 'backwards'],
    ['/[a/', 'ends too early'],
    ['/a\\/', 'ends too early'],
    ['/[[:nope:]]/', '[:name:]'],
    [`/${'('.repeat(17)}a${')'.repeat(17)}/`, 'deeper than 16'],
    [`/${'a'.repeat(257)}/`, 'too long'],
    ['/((((a{100}){100}){100}){100})/', 'repeats too much'],
  ])('refuses %s with a reason', (value, reason) => {
    expect(() => valueMatcher(value)).toThrow(
      expect.objectContaining({ code: 'InvalidRequest', message: expect.stringContaining(reason) }),
    );
  });

  it.each(['/^(a+)+$/', '/^(a|a)*$/', '/^(a*)*b$/', '/(.*)*(.*)*(.*)*x$/'])(
    'answers %s on 1,000 characters in under 2 s, where a backtracking engine would hang',
    (value) => {
      const before = performance.now();
      expect(valueMatcher(value)(`${RUN_OF_A}!`)).toBe(false);
      expect(performance.now() - before).toBeLessThan(2_000);
    },
  );

  it('agrees with the built-in engine on expressions of the common subset', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      'a*',
      'b+',
      '(a|b)',
      '(ab)?',
      '.{1,2}',
      '^',
      '$',
      '\\d',
      '1',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 6 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ') }),
        (pieces, text) => {
          const pattern = pieces.join('');
          expect(valueMatcher(`/${pattern}/`)(text)).toBe(new RegExp(pattern, 'su').test(text));
        },
      ),
      { numRuns: 500 },
    );
  });
});
