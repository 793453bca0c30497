import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { parseSlices } from '../../../../src/imaging/dicom/parse-slice.ts';
import { applyAffine } from '../../../../src/imaging/geometry/affine.ts';
import { add, column, scale, type Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import { encodeHeader } from '../../../../src/imaging/nifti/encode-nifti.ts';
import { renderVolume } from '../../../../src/imaging/series/image-volume.ts';
import { planSeries } from '../../../../src/imaging/series/plan-series.ts';
import type { VolumePlan } from '../../../../src/imaging/series/volume-plan.ts';
import { type CtSlice, ctSlice } from '../../../helpers/dicom-writer.ts';
import { GRIDS } from '../../../helpers/imaging-phantom.ts';

function series(count: number, changes: (k: number) => Partial<CtSlice> = () => ({})) {
  return Array.from({ length: count }, (_, k) => k).flatMap((k) =>
    parseSlices(
      ctSlice({
        columns: 3,
        rows: 2,
        pixels: [0, 1, 2, 3, 4, 5].map((value) => value + 10 * k),
        position: [0, 0, 2.5 * k],
        // InstanceNumber runs against the positions on purpose.
        instanceNumber: count - k,
        ...changes(k),
      }),
    ),
  );
}

function stackSlices(slices: ReturnType<typeof series>) {
  return renderVolume(planSeries(slices, { irregular: 'reject' }).volumes[0] as VolumePlan);
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

describe('a regular stack', () => {
  it('orders slices by position, whatever their order and InstanceNumber', () => {
    const slices = series(7);
    const expected = Array.from({ length: 7 * 6 }, (_, n) => (n % 6) + 10 * Math.floor(n / 6));
    fc.assert(
      fc.property(fc.shuffledSubarray(slices, { minLength: 7 }), (shuffled) => {
        const volume = stackSlices(shuffled);
        expect(Array.from(volume.values)).toEqual(expected);
        expect(volume.slices.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(
          slices.map((slice) => slice.sopInstanceUid),
        );
      }),
    );
  });

  it('puts column spacing on i, row spacing on j and the slice gap on k', () => {
    const { geometry } = stackSlices(series(3, () => ({ pixelSpacing: [0.8, 0.5] })));
    expect(geometry.spacingMm).toEqual([0.5, 0.8, 2.5]);
    expect(geometry.sizeIjk).toEqual([3, 2, 3]);
  });

  it.each(GRIDS)('puts voxel (0, 0, k) at the position of slice k for $name', ({ geometry }) => {
    const axes = [column(geometry.directionLps, 0), column(geometry.directionLps, 1)].flat();
    const step = scale(column(geometry.directionLps, 2), 3.3);
    const position = (k: number): Vec3 => add(geometry.originLps, scale(step, k));
    const slices = series(5, (k) => ({ orientation: axes, position: position(4 - k) }));
    const volume = stackSlices(slices);
    for (let k = 0; k < 5; k++) {
      const at = applyAffine(volume.geometry.affineIjkToLps, [0, 0, k]);
      at.forEach((value, axis) => {
        expect(value).toBeCloseTo(position(k)[axis] as number, 6);
      });
    }
  });

  it('stores integers that fit as int16', () => {
    const volume = stackSlices(series(2, () => ({ rescale: [2, -1024] })));
    expect(volume.values).toBeInstanceOf(Int16Array);
    expect(Array.from(volume.values.slice(0, 3))).toEqual([-1024, -1022, -1020]);
    expect(volume).toMatchObject({ unit: 'HU', scaleSource: 'rescale', maxStorageError: 0 });
  });

  it('looks at the pixels before it gives up int16 for 16-bit unsigned images', () => {
    const fits = stackSlices(
      series(2, () => ({ signed: false, pixels: [0, 1, 2, 3, 4, 33000], rescale: [1, -1000] })),
    );
    expect(fits.values).toBeInstanceOf(Int16Array);
    const large = stackSlices(
      series(2, () => ({ signed: false, pixels: [0, 1, 2, 3, 4, -1], rescale: [1, 0] })),
    );
    expect(large.values).toBeInstanceOf(Float32Array);
    expect(large.values[5]).toBe(65535);
  });

  it("applies each slice's own slope and states the error of float32", () => {
    const volume = stackSlices(series(2, (k) => ({ rescale: [0.5 + k, 0.25] })));
    expect(volume.values).toBeInstanceOf(Float32Array);
    expect(Array.from(volume.values.slice(0, 2))).toEqual([0.25, 0.75]);
    expect(volume.values[6]).toBe(1.5 * 10 + 0.25);
    expect(volume.maxStorageError).toBe(2 ** (4 - 24));
  });

  it('states an error of 0 for a float32 volume of zeros', () => {
    const zeros = series(2, () => ({ rescale: [0.5, 0], pixels: [0, 0, 0, 0, 0, 0] }));
    expect(stackSlices(zeros).maxStorageError).toBe(0);
  });

  it('gives padding in real-world values, and none when slices disagree', () => {
    expect(stackSlices(series(2, () => ({ padding: -2000, rescale: [1, -24] }))).padding).toEqual({
      low: -2024,
      high: -2024,
    });
    const mixed = stackSlices(series(2, (k) => ({ padding: -2000, rescale: [1, k] })));
    expect(mixed.padding).toBeUndefined();
    expect(mixed.warnings).toEqual([expect.stringContaining('PixelPaddingValue')]);
  });

  it('calls values without rescale stored values of unspecified unit', () => {
    const changes = { '00281052': undefined, '00281053': undefined };
    expect(stackSlices(series(2, () => ({ changes })))).toMatchObject({ unit: 'US', scaleSource: 'stored' });
  });

  it("takes a PET image's unit from Units (0054,1001)", () => {
    const changes = {
      '00080060': { tag: '00080060', vr: 'CS', value: 'PT' } as const,
      '00541001': { tag: '00541001', vr: 'CS', value: 'BQML' } as const,
    };
    expect(stackSlices(series(2, () => ({ changes }))).unit).toBe('BQML');
  });

  it('takes the depth of a single slice from its spacing, else its thickness', () => {
    expect(stackSlices(series(1)).geometry.spacingMm[2]).toBe(2);
    const spaced = { '00180088': { tag: '00180088', vr: 'DS', value: '3.5' } as const };
    expect(stackSlices(series(1, () => ({ changes: spaced }))).geometry.spacingMm[2]).toBe(3.5);
    expect(codeOf(() => stackSlices(series(1, () => ({ changes: { '00180050': undefined } }))))).toBe(
      'TooFewSlices',
    );
    expect(codeOf(() => stackSlices([]))).toBe('TooFewSlices');
  });

  it('refuses slices of several series', () => {
    const slices = series(4, (k) => (k === 2 ? { seriesUid: '1.2.3' } : {}));
    expect(codeOf(() => stackSlices(slices))).toBe('MixedSeries');
    expect(() => stackSlices(slices)).toThrow('SeriesInstanceUID');
  });

  it('rejects two slices in one place', () => {
    expect(codeOf(() => stackSlices(series(4, (k) => ({ position: [0, 0, 2.5 * Math.min(k, 2)] }))))).toBe(
      'DuplicateSlicePosition',
    );
    expect(codeOf(() => stackSlices(series(2, () => ({ position: [0, 0, 1] }))))).toBe(
      'DuplicateSlicePosition',
    );
  });

  it('rejects a missing slice and says where', () => {
    const slices = series(6, (k) => ({ position: [0, 0, 2.5 * (k < 3 ? k : k + 1)] }));
    expect(codeOf(() => stackSlices(slices))).toBe('IrregularSpacing');
    expect(() => stackSlices(slices)).toThrow('after slice 2');
  });

  it('rejects small errors that add up to a tenth of a slice', () => {
    const stretched = series(60, (k) => ({
      position: [0, 0, k < 30 ? k * 2.52 : 30 * 2.52 + (k - 30) * 2.5],
    }));
    expect(codeOf(() => stackSlices(stretched))).toBe('IrregularSpacing');
  });

  it('accepts positions rounded to a hundredth of a millimetre', () => {
    const rounded = series(40, (k) => ({ position: [0, 0, Math.round(62.5 * k) / 100] }));
    expect(stackSlices(rounded).geometry.spacingMm[2]).toBeCloseTo(0.625, 3);
  });

  it('rejects a tilted gantry and states the angle', () => {
    const tilted = series(5, (k) => ({ position: [0, Math.tan(Math.PI / 12) * 2.5 * k, 2.5 * k] }));
    expect(codeOf(() => stackSlices(tilted))).toBe('GantryTilt');
    expect(() => stackSlices(tilted)).toThrow('15.0 degrees');
  });

  it('turns column cosines to a right angle and says so, so that its file is no sheared one', () => {
    const skew = 8e-4;
    const orientation = [1, 0, 0, skew, Math.sqrt(1 - skew * skew), 0];
    for (const irregular of ['reject', 'resample'] as const) {
      const slices = series(4, (k) => ({
        orientation,
        position: [0, 0, k === 3 && irregular === 'resample' ? 10 : 2.5 * k],
      }));
      const [plan] = planSeries(slices, { irregular }).volumes as [VolumePlan];
      expect(plan.geometry.directionLps.map((value) => Math.round(value * 1e9) / 1e9 + 0)).toEqual([
        1, 0, 0, 0, 1, 0, 0, 0, 1,
      ]);
      expect(plan.warnings).toEqual([expect.stringContaining('0.000800 off a right angle')]);
      const header = encodeHeader(plan.geometry, 'int16');
      expect(new DataView(header.buffer).getInt16(252, true)).toBe(1);
    }
    const rounded = series(4, () => ({ orientation: [1, 0, 0, 9e-5, 1, 0] }));
    expect(planSeries(rounded).volumes[0]?.warnings).toEqual([]);
  });

  it('rejects cosines that are half a degree from orthogonal, or not of unit length', () => {
    const skewed = [1, 0, 0, Math.sin(Math.PI / 360), Math.cos(Math.PI / 360), 0];
    expect(codeOf(() => stackSlices(series(3, () => ({ orientation: skewed }))))).toBe(
      'DegenerateOrientation',
    );
    expect(codeOf(() => stackSlices(series(3, () => ({ orientation: [0, 0, 0, 0, 1, 0] }))))).toBe(
      'DegenerateOrientation',
    );
  });
});
