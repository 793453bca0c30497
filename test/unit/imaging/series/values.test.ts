import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredPixels } from '../../../../src/imaging/dicom/slice.ts';
import { renderPlane } from '../../../../src/imaging/series/render-plane.ts';
import { rescaleInto } from '../../../../src/imaging/series/rescale.ts';
import { storedRange } from '../../../../src/imaging/series/stored-range.ts';
import { maxStorageError, settlePlan } from '../../../../src/imaging/series/value-range.ts';
import { codeOf, makeSeries, makeSlice, planOne, renderOne } from './make-slice.ts';

const SAMPLES: readonly { name: string; make: (values: readonly number[]) => StoredPixels; most: number }[] =
  [
    { name: 'uint8', make: (values) => Uint8Array.from(values), most: 0xff },
    { name: 'int8', make: (values) => Int8Array.from(values), most: 0x7f },
    { name: 'uint16', make: (values) => Uint16Array.from(values), most: 0xffff },
    { name: 'int16', make: (values) => Int16Array.from(values), most: 0x7fff },
    { name: 'uint32', make: (values) => Uint32Array.from(values), most: 0xffffffff },
    { name: 'int32', make: (values) => Int32Array.from(values), most: 0x7fffffff },
  ];

describe('rescaleInto', () => {
  it.each(SAMPLES)('writes slope x $name + intercept', ({ make, most }) => {
    const pixels = fc.array(fc.integer({ min: Math.min(0, most), max: Math.min(most, 20_000) }), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(
        pixels,
        fc.integer({ min: -2000, max: 2000 }),
        fc.constantFrom(1, 0.5),
        (values, intercept, slope) => {
          const stored = make(values);
          const expected = values.map((value) => slope * value + intercept);
          const float = new Float32Array(values.length);
          rescaleInto(float, stored, { slope, intercept });
          expect([...float]).toEqual(expected);
          if (slope !== 1) return;
          const whole = new Int16Array(values.length);
          rescaleInto(whole, stored, { slope, intercept });
          expect([...whole]).toEqual(expected);
        },
      ),
    );
  });

  it('adds two values at a time or one, wherever the memory begins', () => {
    const stored = Uint16Array.of(0, 1, 1023, 1024, 33_791, 2);
    const expected = [-1024, -1023, -1, 0, 32_767, -1022];
    const memory = new ArrayBuffer(16);
    for (const out of [new Int16Array(memory, 0, 6), new Int16Array(memory, 2, 6)]) {
      rescaleInto(out, stored, { slope: 1, intercept: -1024 });
      expect([...out]).toEqual(expected);
    }
    const odd = new Int16Array(5);
    rescaleInto(odd, stored.subarray(0, 5), { slope: 1, intercept: -1024 });
    expect([...odd]).toEqual(expected.slice(0, 5));
  });

  it('keeps halves of a word apart for every pair of values', () => {
    const int16 = fc.integer({ min: -32_768, max: 32_767 });
    fc.assert(
      fc.property(int16, int16, fc.integer({ min: -1024, max: 1024 }), (a, b, intercept) => {
        const out = new Int16Array(2);
        rescaleInto(out, Int16Array.of(a, b), { slope: 1, intercept });
        expect([...out]).toEqual([...Int16Array.of(a + intercept, b + intercept)]);
      }),
    );
  });
});

describe('the type of a volume', () => {
  it.each(SAMPLES)('is float32 for $name only where a value does not fit int16', ({ make, most }) => {
    const small = renderOne(makeSeries(2, () => ({ pixels: make([0, 1, 2, 3, 4, 5]) })));
    expect(small.values).toBeInstanceOf(Int16Array);
    expect(small.maxStorageError).toBe(0);
    const large = renderOne(makeSeries(2, (k) => ({ pixels: make([0, 1, 2, 3, 4, k === 0 ? 0 : most]) })));
    expect(large.values).toBeInstanceOf(most > 0x7fff ? Float32Array : Int16Array);
    expect(large.values[11]).toBe(Math.fround(most));
  });

  it('needs no look at the pixels where BitsStored settles it', () => {
    expect(planOne(makeSeries(2, () => ({ bitsStored: 12, highBit: 11 }))).dataType).toBe('int16');
    expect(planOne(makeSeries(2)).dataType).toBe('int16');
    const shifted = { rescale: { slope: 1, intercept: -1024, fromFile: true } };
    expect(planOne(makeSeries(2, () => shifted)).dataType).toBe('by-range');
    const half = { rescale: { slope: 0.5, intercept: 0, fromFile: true } };
    expect(planOne(makeSeries(2, (k) => (k === 1 ? half : {}))).dataType).toBe('float32');
  });

  it('is settled by the ranges of all slices', () => {
    const shifted = { rescale: { slope: -2, intercept: 10, fromFile: true } };
    const plan = planOne(makeSeries(2, () => shifted));
    expect(storedRange(makeSlice(shifted))).toEqual({ low: 0, high: 10 });
    expect(settlePlan(plan, [{ low: 0, high: 10 }]).dataType).toBe('int16');
    expect(
      settlePlan(plan, [
        { low: 0, high: 10 },
        { low: -32_769, high: 0 },
      ]).dataType,
    ).toBe('float32');
    expect(settlePlan(planOne(makeSeries(2)), []).dataType).toBe('int16');
  });

  it('is float32 with the least value outside for a tilted stack of fractions', () => {
    const rescale = { slope: 0.5, intercept: 1, fromFile: true };
    const slices = makeSeries(2, (k) => ({ rescale, positionLps: [k, 0, 2 * k] }));
    expect(planOne(slices)).toMatchObject({ dataType: 'by-range', fill: 'minimum' });
    const { values } = renderOne(slices);
    expect([...values.subarray(0, 4)]).toEqual([1, 1.5, 2, 1]);
  });

  it('refuses a scale that float32 cannot hold', () => {
    for (const rescale of [
      { slope: 1e36, intercept: 0, fromFile: true },
      { slope: 1, intercept: -1e300, fromFile: true },
    ]) {
      expect(codeOf(() => planOne(makeSeries(2, () => ({ rescale }))))).toBe('ValueOutOfRange');
    }
  });

  it('states the error of float32 by the ranges, or by what BitsStored allows', () => {
    const plan = planOne(makeSeries(2, () => ({ rescale: { slope: 0.5, intercept: 0, fromFile: true } })));
    expect(maxStorageError(plan, 'float32', [{ low: -3, high: 2 }])).toBe(2 ** (1 - 24));
    expect(maxStorageError(plan, 'float32')).toBe(2 ** (14 - 24));
    expect(maxStorageError(plan, 'float32', [{ low: 0, high: 0 }])).toBe(0);
  });
});

describe('renderPlane', () => {
  it('is for settled plans only', () => {
    const out = new Int16Array(6);
    const open = planOne(makeSeries(2, () => ({ rescale: { slope: 1, intercept: 1, fromFile: true } })));
    expect(() => renderPlane(open, 0, 'int16', out)).toThrow('the plan says by-range, not int16');
    const tilted = planOne(makeSeries(2, (k) => ({ positionLps: [k, 0, 2 * k] })));
    expect(() => renderPlane({ ...tilted, dataType: 'int16' }, 0, 'int16', new Int16Array(8))).toThrow(
      'settlePlan',
    );
  });

  it("applies each slice's own rescale", () => {
    const volume = renderOne(
      makeSeries(2, (k) => ({ rescale: { slope: k + 0.5, intercept: k, fromFile: true } })),
    );
    expect([...volume.values]).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 1, 2.5, 4, 5.5, 7, 8.5]);
  });
});

describe('what values mean', () => {
  it('keeps stored values of MONOCHROME1 with a warning', () => {
    const volume = renderOne(makeSeries(2, () => ({ photometricInterpretation: 'MONOCHROME1' })));
    expect([...volume.values.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect(volume.warnings).toEqual([expect.stringContaining('MONOCHROME1')]);
  });

  it('records a real-world mapping as the source of the scale', () => {
    const rescale = {
      slope: 1,
      intercept: 0,
      type: 'HU',
      fromFile: true,
      fromRealWorldMapping: true,
    } as const;
    expect(planOne(makeSeries(2, () => ({ rescale })))).toMatchObject({
      scaleSource: 'real-world-mapping',
      unit: 'HU',
    });
  });

  it('warns of slices in different units', () => {
    const plan = planOne(makeSeries(2, (k) => ({ modality: 'PT', units: k === 0 ? 'BQML' : 'CNTS' })));
    expect(plan).toMatchObject({
      unit: 'BQML',
      warnings: ["slices state different units (BQML, CNTS); the first slice's is recorded"],
    });
  });
});
