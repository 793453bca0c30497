import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimalsAt } from '../../../../src/imaging/dicom/decimal-string.ts';

function parse(text: string): number[] | undefined {
  const bytes = new TextEncoder().encode(`9\\${text}\\9`);
  // Between other bytes, which are none of its business.
  const values = decimalsAt(bytes, 2, bytes.length - 2);
  return values && Array.from(values);
}

describe('decimalsAt', () => {
  it('gives the double nearest to any decimal text', () => {
    const text = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc
        .tuple(fc.integer({ min: -9999, max: 9999 }), fc.nat(999_999_999))
        .map(([whole, part]) => `${whole}.${part}`),
      fc.nat(20).map((digits) => `0.${'1234567890'.repeat(2).slice(0, digits)}5`),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 9 }), (texts) => {
        expect(parse(texts.join('\\'))).toEqual(texts.map(Number));
      }),
    );
  });

  it.each([
    ['1\\-2.5\\3 ', [1, -2.5, 3]],
    [' 1 \\+2\\.5\\6.\0', [1, 2, 0.5, 6]],
    ['-0.0\\1e3\\-2.5E-3', [-0, 1000, -0.0025]],
    ['0.1234567890123456789', [0.12345678901234568]],
  ])('reads %j', (text, values) => {
    expect(parse(text)).toEqual(values);
  });

  it.each([
    '',
    '1\\',
    '\\1',
    '1\\\\2',
    'one',
    '1.2.3',
    '1-2',
    '--1',
    '-',
    '.',
    '1e999',
    'NaN',
    '0x10',
    '1,5',
  ])('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});
