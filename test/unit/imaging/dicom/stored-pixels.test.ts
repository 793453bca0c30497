import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import type { PixelLayout } from '../../../../src/imaging/dicom/slice.ts';
import { decodeFrame } from '../../../../src/imaging/dicom/stored-pixels.ts';
import { EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN } from '../../../helpers/dicom-elements.ts';

const DEFLATED_FRAME = '1.2.840.10008.1.2.8.1';

function layout(
  bitsAllocated: number,
  signed: boolean,
  count: number,
  bitsStored = bitsAllocated,
): PixelLayout {
  return { rows: 1, columns: count, bitsAllocated, bitsStored, highBit: bitsStored - 1, signed };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('decodeFrame of uncompressed pixels', () => {
  it.each([
    { bits: 8, signed: false, values: [0, 127, 128, 255] },
    { bits: 8, signed: true, values: [0, 127, -128, -1] },
    { bits: 16, signed: false, values: [0, 1, 32768, 65535] },
    { bits: 16, signed: true, values: [0, 1, -32768, -1] },
    { bits: 32, signed: false, values: [0, 1, 2 ** 31, 2 ** 32 - 1] },
    { bits: 32, signed: true, values: [0, 1, -(2 ** 31), -1] },
  ])('reads $bits bits (signed: $signed) in both byte orders', ({ bits, signed, values }) => {
    const size = bits / 8;
    const little = new Uint8Array(values.length * size);
    for (const [n, value] of values.entries()) {
      for (let byte = 0; byte < size; byte++)
        little[n * size + byte] = Math.floor(value / 256 ** byte) & 0xff;
    }
    const big = little.slice();
    for (let at = 0; at < big.length; at += size) big.subarray(at, at + size).reverse();
    const read = (bytes: Uint8Array, transferSyntaxUid: string) =>
      Array.from(decodeFrame({ transferSyntaxUid, layout: layout(bits, signed, 4), parts: [bytes] }));
    expect(read(little, EXPLICIT_LITTLE_ENDIAN)).toEqual(values);
    expect(read(big, EXPLICIT_BIG_ENDIAN)).toEqual(values);
  });

  it('is a view into the file when samples are aligned and fill their cells', () => {
    const file = new Uint8Array(32);
    const pixels = decodeFrame({
      transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      layout: layout(16, true, 4),
      parts: [file.subarray(8, 16)],
    });
    expect(pixels.buffer).toBe(file.buffer);
    const unaligned = decodeFrame({
      transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      layout: layout(16, true, 4),
      parts: [file.subarray(9, 17)],
    });
    expect(unaligned.buffer).not.toBe(file.buffer);
  });

  it('reads shared memory', () => {
    const file = new Uint8Array(new SharedArrayBuffer(8));
    file.set([1, 0, 2, 0]);
    const read = (parts: Uint8Array, bitsStored: number) =>
      Array.from(
        decodeFrame({
          transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
          layout: layout(16, false, 2, bitsStored),
          parts: [parts],
        }),
      );
    expect(read(file.subarray(0, 4), 16)).toEqual([1, 2]);
    expect(read(file.subarray(0, 4), 12)).toEqual([1, 2]);
    expect(read(file.subarray(1, 5), 16)).toEqual([512, 0]);
  });

  it('drops bits outside BitsStored wherever the high bit is, and extends the sign', () => {
    const cells = new Uint8Array(Uint16Array.of(0xf801, 0x07ff, 0xfff0).buffer);
    const read = (change: Partial<PixelLayout>) =>
      Array.from(
        decodeFrame({
          transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
          layout: { ...layout(16, true, 3, 12), ...change },
          parts: [cells],
        }),
      );
    expect(read({})).toEqual([-2047, 2047, -16]);
    expect(read({ signed: false })).toEqual([0x801, 0x7ff, 0xff0]);
    expect(read({ highBit: 15, signed: false })).toEqual([0xf80, 0x07f, 0xfff]);
    expect(read({ highBit: 15 })).toEqual([-128, 127, -1]);
  });

  it.each([8, 16, 32])('takes the stored bits out of cells of %i bits, whatever lies around them', (bits) => {
    const bytesEach = bits / 8;
    const cases = fc.record({
      cells: fc.uint8Array({ minLength: bytesEach, maxLength: 9 * bytesEach }),
      bitsStored: fc.integer({ min: 1, max: bits }),
      above: fc.nat(bits - 1),
      signed: fc.boolean(),
      offset: fc.nat(3),
    });
    fc.assert(
      fc.property(cases, ({ cells, bitsStored, above, signed, offset }) => {
        const count = Math.floor(cells.length / bytesEach);
        const highBit = Math.max(bitsStored - 1, bits - 1 - above);
        const file = new Uint8Array(offset + cells.length);
        file.set(cells, offset);
        const pixels = decodeFrame({
          transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
          layout: { ...layout(bits, signed, count, bitsStored), highBit },
          parts: [file.subarray(offset, offset + count * bytesEach)],
        });
        const expected = Array.from({ length: count }, (_, n) => {
          const cell = cells
            .slice(n * bytesEach, (n + 1) * bytesEach)
            .reduceRight((sum: bigint, byte: number) => sum * 256n + BigInt(byte), 0n);
          const stored = cell >> BigInt(highBit + 1 - bitsStored);
          return Number(signed ? BigInt.asIntN(bitsStored, stored) : BigInt.asUintN(bitsStored, stored));
        });
        expect(Array.from(pixels)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('cuts a tile out of the frame', () => {
    const pixels = decodeFrame({
      transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      layout: { ...layout(8, false, 4), rows: 3 },
      parts: [Uint8Array.from({ length: 12 }, (_, n) => n)],
      tile: { column: 2, row: 1, columns: 2, rows: 2 },
    });
    expect(Array.from(pixels)).toEqual([6, 7, 10, 11]);
  });
});

describe('decodeFrame of deflated frames', () => {
  const read = (frame: Uint8Array) =>
    decodeFrame({ transferSyntaxUid: DEFLATED_FRAME, layout: layout(16, false, 3), parts: [frame] });

  it('inflates cells', () => {
    const cells = new Uint8Array(Uint16Array.of(1, 2, 65535).buffer);
    expect(Array.from(read(deflateRawSync(cells)))).toEqual([1, 2, 65535]);
  });

  it.each([
    { name: 'short', frame: deflateRawSync(new Uint8Array(5)) },
    { name: 'endless', frame: deflateRawSync(new Uint8Array(50_000_000)) },
    { name: 'damaged', frame: Uint8Array.of(0xff, 1, 2) },
  ])('refuses a $name stream', ({ frame }) => {
    expect(codeOf(() => read(frame))).toBe('CorruptPixelData');
  });
});
