import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimalsAt, mostDecimals, readDecimals } from '../../../../src/imaging/dicom/decimal-string.ts';

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
    // A NUL ends the text, whatever somebody left behind it.
    ['7\\8\0 \0', [7, 8]],
    ['7\\8\0\0three\\x', [7, 8]],
    ['1.5\0\\2', [1.5]],
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
    '\0',
    '\0\0 1',
    '1\\\0',
  ])('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

describe('readDecimals', () => {
  const read = (text: string, limit?: number) => {
    const bytes = new TextEncoder().encode(text);
    const into = new Float64Array(mostDecimals(bytes.length));
    const count = readDecimals({ bytes, start: 0, end: bytes.length }, into, limit);
    return Array.from(into.subarray(0, count));
  };

  it('takes values up to the limit, and none of a text with one beyond it', () => {
    expect(read('-250\\250\\0', 250)).toEqual([-250, 250, 0]);
    expect(read('1\\250.0001', 250)).toEqual([]);
    expect(read('1\\-1e3', 250)).toEqual([]);
  });

  it('has room for as many values as the shortest text of its length holds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (count) => {
        expect(read(new Array(count).fill('1').join('\\'))).toHaveLength(count);
      }),
    );
  });
});
