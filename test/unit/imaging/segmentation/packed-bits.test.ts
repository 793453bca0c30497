import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptySliceMask } from '../../../../src/imaging/mask/slice-mask.ts';
import { unpackBits } from '../../../../src/imaging/segmentation/packed-bits.ts';
import { packBits } from './seg-file.ts';

/** Box of the ones, by looking at every pixel. */
function boxOf(pixels: readonly number[], columns: number) {
  const ones = pixels.flatMap((pixel, at) => (pixel === 1 ? [at] : []));
  if (ones.length === 0) return undefined;
  const inRow = ones.map((at) => at % columns);
  const rows = ones.map((at) => Math.floor(at / columns));
  return {
    minColumn: Math.min(...inRow),
    maxColumn: Math.max(...inRow),
    minRow: Math.min(...rows),
    maxRow: Math.max(...rows),
  };
}

/** Frames of any size, anywhere in a stream of bits whose neighbours are all ones. */
const frames = fc
  .record({
    columns: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(32, 64, 96)),
    rows: fc.integer({ min: 1, max: 9 }),
    shift: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 7 })),
    unaligned: fc.integer({ min: 0, max: 3 }),
    density: fc.constantFrom(0, 0.02, 0.5, 1),
  })
  .chain((shape) =>
    fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), {
        minLength: shape.columns * shape.rows,
        maxLength: shape.columns * shape.rows,
      })
      .map((numbers) => ({ ...shape, pixels: numbers.map((n) => (n < shape.density ? 1 : 0)) })),
  );

describe('packed bits', () => {
  test('are unpacked whatever the frame size, its first bit and the memory it lies in', () => {
    fc.assert(
      fc.property(frames, ({ columns, rows, shift, unaligned, pixels }) => {
        const before = Array.from({ length: shift }, () => 1);
        const packed = packBits([...before, ...pixels, 1, 1, 1, 1, 1, 1, 1]);
        const needed = Math.ceil((shift + pixels.length) / 8);
        const memory = new Uint8Array(unaligned + needed);
        memory.set(packed.subarray(0, needed), unaligned);
        const mask = emptySliceMask(columns, rows);
        unpackBits(memory.subarray(unaligned), shift, mask);
        expect([...mask.bits]).toEqual(pixels);
        expect(mask.box).toEqual(boxOf(pixels, columns) ?? emptySliceMask(1, 1).box);
      }),
      { numRuns: 300 },
    );
  });
});
