import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import { createGeometry, voxelCount } from '../../../../src/imaging/geometry/volume-geometry.ts';
import {
  type AxisWeights,
  linearWeights,
  triangleWeights,
} from '../../../../src/imaging/resample/axis-weights.ts';
import { fillPadding } from '../../../../src/imaging/resample/fill-padding.ts';
import { planImageResampling } from '../../../../src/imaging/resample/plan-image-resampling.ts';
import { planMaskResampling } from '../../../../src/imaging/resample/plan-mask-resampling.ts';
import { renderImagePlanes } from '../../../../src/imaging/resample/render-image-planes.ts';
import { renderMaskPlanes } from '../../../../src/imaging/resample/render-mask-planes.ts';
import { resampleImage } from '../../../../src/imaging/resample/resample-image.ts';
import { resampleMask } from '../../../../src/imaging/resample/resample-mask.ts';
import { splineWeights } from '../../../../src/imaging/resample/spline-weights.ts';
import { centredGrid } from '../../../helpers/imaging-phantom.ts';

const GRID = centredGrid([14, 12, 10], [1, 1.2, 2], [1, 0, 0], [0, 1, 0]);

const SITK_BSPLINE: readonly (readonly [Vec3, number])[] = [
  [[0, 0, 1], -120.166623],
  [[20, 21, 25], 606.705882],
  [[10, 11, 13], 79.070023],
  [[1, 15, 20], -19.467962],
  [[7, 0, 6], 306.116666],
];

/** x = (1664525 x + 1013904223) mod 2^32; values from -1000 to 1000. */
function noise(count: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return new Float32Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2000 - 1000;
  });
}

function valueAt(table: AxisWeights, target: number, source: (at: number) => number): number {
  const weights = table.weights.subarray(table.offsets[target], table.offsets[target + 1]);
  return weights.reduce((sum, weight, n) => sum + weight * source((table.starts[target] as number) + n), 0);
}

function sumOf(table: AxisWeights, target: number): number {
  return valueAt(table, target, () => 1);
}

describe('splineWeights', () => {
  it('add up to one inside the source, for any size', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.2, max: 6, noNaN: true }));
    fc.assert(
      fc.property(sizes, ([size, ratio]) => {
        const target = Math.max(1, Math.round(size / ratio));
        const table = splineWeights(size, target, ratio);
        for (let t = 0; t < target; t++) {
          expect(sumOf(table, t)).toBeCloseTo(1, 9);
          const end =
            (table.starts[t] as number) + (table.offsets[t + 1] as number) - (table.offsets[t] as number);
          expect([table.starts[t] as number, end].every((at) => at >= 0 && at <= size)).toBe(true);
        }
      }),
    );
  });

  it('copy at equal spacing', () => {
    const table = splineWeights(7, 7, 1);
    expect([...table.weights]).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it('follow a cubic away from the ends', () => {
    const cubic = (at: number) => 0.02 * at ** 3 - at ** 2 + 3 * at - 5;
    const table = splineWeights(60, 90, 60 / 90);
    for (let t = 30; t < 60; t++)
      expect(valueAt(table, t, cubic)).toBeCloseTo(cubic((t + 0.5) * (60 / 90) - 0.5), 3);
  });

  it('mirror at the outermost centres', () => {
    const mirrored = (at: number) => Math.cos((Math.PI * at) / 9);
    const table = splineWeights(10, 30, 1 / 3);
    // The first centre lies a third of a voxel before the first sample, the third one as far behind it.
    expect(valueAt(table, 0, mirrored)).toBeCloseTo(valueAt(table, 2, mirrored), 12);
  });
});

describe('triangleWeights', () => {
  it('are linear interpolation where voxels shrink', () => {
    expect(triangleWeights(10, 20, 0.5)).toEqual(linearWeights(10, 20, 0.5));
    expect(triangleWeights(5, 5, 1)).toEqual(linearWeights(5, 5, 1));
  });

  it('weigh the neighbours of a doubled voxel 1 : 3 : 3 : 1', () => {
    const table = triangleWeights(12, 6, 2);
    expect([...table.weights.subarray(table.offsets[2], table.offsets[3])]).toEqual([
      0.125, 0.375, 0.375, 0.125,
    ]);
    expect(table.starts[2]).toBe(3);
  });

  it('add up to one, and give the end value beyond a source that is too short', () => {
    for (const ratio of [1.3, 2.7, 5, 9]) {
      const target = Math.max(1, Math.round(12 / ratio));
      const table = triangleWeights(12, target, ratio);
      for (let t = 0; t < target; t++) expect(sumOf(table, t)).toBeCloseTo(1, 12);
    }
    const beyond = triangleWeights(1, 1, 40);
    expect([beyond.starts[0], ...beyond.weights]).toEqual([0, 1]);
  });
});

describe('resampleImage by B-spline', () => {
  it('equals sitkBSpline at chosen voxels', () => {
    // Computed offline: SimpleITK 2.5.7, Resample(float64, sitkBSpline) of this noise on the same grid and target.
    const geometry = createGeometry({
      sizeIjk: [40, 36, 20],
      spacingMm: [0.8, 0.9, 2],
      originLps: [0, 0, 0],
      directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    });
    const { values, geometry: target } = resampleImage(
      { geometry, values: noise(voxelCount(geometry)), unit: 'US' },
      [1.5, 1.5, 1.5],
      { interpolation: 'bspline' },
    );
    expect(target.sizeIjk).toEqual([21, 22, 27]);
    const at = ([i, j, k]: Vec3) => values[(k * 22 + j) * 21 + i] as number;
    for (const [ijk, expected] of SITK_BSPLINE) expect(Math.abs(at(ijk) - expected)).toBeLessThan(1e-3);
  });

  it('keeps rounded values within int16', () => {
    const values = Int16Array.from({ length: voxelCount(GRID) }, (_, n) =>
      (n >> 1) % 2 === 0 ? 32767 : -32768,
    );
    const out = resampleImage({ geometry: GRID, values, unit: 'HU' }, [0.3, 1.2, 2], {
      interpolation: 'bspline',
    });
    expect([Math.max(...out.values), Math.min(...out.values)]).toEqual([32767, -32768]);
  });

  it('does not swing at padding', () => {
    const values = Int16Array.from({ length: voxelCount(GRID) }, (_, n) => (n % 14 < 5 ? -2000 : 100));
    const padding = { low: -2000, high: -2000 };
    const input = { geometry: GRID, values, unit: 'HU', padding };
    const out = resampleImage(input, [0.6, 0.6, 1.1], { interpolation: 'bspline' }).values;
    expect([...new Set(out)].sort()).toEqual([-2000, 100]);
    const swinging = resampleImage({ ...input, padding: { low: 0, high: 0 } }, [0.6, 0.6, 1.1], {
      interpolation: 'bspline',
    });
    expect(new Set(swinging.values).size).toBeGreaterThan(10);
  });
});

describe('resampleImage with anti-aliasing', () => {
  const checks = Float32Array.from({ length: voxelCount(GRID) }, (_, n) => (n % 2 === 0 ? 1 : -1));

  it('damps what the target spacing cannot show', () => {
    const wide: Vec3 = [3.5, 1.2, 2];
    const swing = (antialias: boolean, interpolation: 'linear' | 'bspline') => {
      const { values } = resampleImage({ geometry: GRID, values: checks, unit: 'US' }, wide, {
        antialias,
        interpolation,
      });
      return Math.max(...values.map(Math.abs));
    };
    for (const interpolation of ['linear', 'bspline'] as const) {
      expect(swing(false, interpolation)).toBeGreaterThan(0.4);
      expect(swing(true, interpolation)).toBeLessThan(0.1);
    }
  });

  it('changes nothing where voxels shrink', () => {
    const input = { geometry: GRID, values: checks, unit: 'US' };
    const fine: Vec3 = [0.5, 0.6, 1];
    for (const interpolation of ['linear', 'bspline'] as const) {
      const plain = resampleImage(input, fine, { interpolation });
      expect(resampleImage(input, fine, { interpolation, antialias: true })).toEqual(plain);
    }
  });
});

describe('fillPadding', () => {
  const volume = Float32Array.from([9, 9, 9, 9, 9, 9, 9, 4, 9, 9, 9, 7, 9, 9, 9, 9, 9, 9]);
  const filled = (k: number) => {
    const into = new Float32Array(6);
    fillPadding((at) => volume.subarray(6 * at, 6 * at + 6), [6, 1, 3], k, { low: 9, high: 9 }, into);
    return [...into];
  };

  it('takes the nearest value of the row, the left one of two', () => {
    expect(filled(1)).toEqual([4, 4, 4, 4, 7, 7]);
  });

  it('takes the nearest slice where a slice has none', () => {
    expect([filled(0), filled(2)]).toEqual([filled(1), filled(1)]);
  });

  it('takes the nearest row where a row has none, and leaves a volume of padding as it is', () => {
    const plane = Float32Array.from([9, 9, 1, 9, 9, 9, 9, 9]);
    const into = new Float32Array(8);
    fillPadding(() => plane, [2, 4, 1], 0, { low: 9, high: 9 }, into);
    expect([...into]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    fillPadding(() => new Float32Array(8).fill(9), [2, 4, 1], 0, { low: 9, high: 9 }, into);
    expect([...into]).toEqual(new Array(8).fill(9));
  });
});

describe('runs of target slices', () => {
  const spacing: Vec3 = [1.7, 0.9, 1.3];

  it.each(['linear', 'bspline'] as const)('make the same image as the whole, %s', (interpolation) => {
    const values = noise(voxelCount(GRID));
    const plan = planImageResampling(GRID, spacing, { interpolation, padding: { low: -1000, high: -600 } });
    const [columns, rows, slices] = plan.target.sizeIjk;
    const render = (first: number, last: number) => {
      const out = new Float32Array(columns * rows * (last - first));
      renderImagePlanes(plan, values, { first, last }, out);
      return [...out];
    };
    expect([...render(0, 4), ...render(4, 5), ...render(5, slices)]).toEqual(render(0, slices));
  });

  it('make the same mask as the whole', () => {
    const labels = Uint8Array.from(noise(voxelCount(GRID)), (value) =>
      value > 0 ? 1 + (Math.round(value) % 3) : 0,
    );
    const input = { geometry: GRID, labels, valueOrder: [3, 1, 2] };
    const plan = planMaskResampling(input, spacing);
    const [columns, rows, slices] = plan.target.sizeIjk;
    const render = (first: number, last: number) => {
      const out = new Uint8Array(columns * rows * (last - first));
      renderMaskPlanes(plan, labels, { first, last }, out);
      return [...out];
    };
    const whole = [...resampleMask(input, spacing).labels];
    expect([...render(0, 3), ...render(3, slices - 1), ...render(slices - 1, slices)]).toEqual(whole);
  });

  it('leave out a label in the strip beyond the target grid', () => {
    const geometry = centredGrid([5, 1, 1], [1, 1, 1], [1, 0, 0], [0, 1, 0]);
    const labels = Uint8Array.from([1, 1, 0, 0, 2]);
    const { regions, labels: out } = resampleMask({ geometry, labels, valueOrder: [1, 2] }, [4, 1, 1]);
    expect([...out]).toEqual([1]);
    expect(regions.map(({ voxels, driftPercent }) => [voxels, driftPercent])).toEqual([
      [1, 100],
      [0, -100],
    ]);
  });
});
