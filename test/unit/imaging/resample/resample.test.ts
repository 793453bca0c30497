import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { applyAffine } from '../../../../src/imaging/geometry/affine.ts';
import {
  fromColumns,
  norm,
  normalise,
  subtract,
  type Vec3,
} from '../../../../src/imaging/geometry/vector.ts';
import {
  createGeometry,
  type VolumeGeometry,
  voxelCount,
} from '../../../../src/imaging/geometry/volume-geometry.ts';
import {
  type AxisWeights,
  areaWeights,
  cropWeights,
  linearWeights,
} from '../../../../src/imaging/resample/axis-weights.ts';
import { resampleImage } from '../../../../src/imaging/resample/resample-image.ts';
import { resampleMask } from '../../../../src/imaging/resample/resample-mask.ts';
import { targetGrid } from '../../../../src/imaging/resample/target-grid.ts';
import { centredGrid, dice, GRIDS, voxelsWhere } from '../../../helpers/imaging-phantom.ts';

const GRID = centredGrid([8, 6, 4], [1, 1, 2], [1, 0, 0], [0, 1, 0]);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

function weightsOf(table: AxisWeights, target: number): number[] {
  return [...table.weights.subarray(table.offsets[target], table.offsets[target + 1])];
}

function outerCorner({ affineIjkToLps }: VolumeGeometry): Vec3 {
  return applyAffine(affineIjkToLps, [-0.5, -0.5, -0.5]);
}

/** The rule in its plainest form: every label's share of every target voxel, label by label, voxel by voxel. */
function resampleBruteForce(
  labels: Uint8Array,
  source: VolumeGeometry,
  target: VolumeGeometry,
  order: readonly number[],
) {
  const tables = [0, 1, 2].map((axis) => {
    const ratio = (target.spacingMm[axis] as number) / (source.spacingMm[axis] as number);
    const table = ratio > 1 ? areaWeights : linearWeights;
    return table(source.sizeIjk[axis] as number, target.sizeIjk[axis] as number, ratio);
  }) as [AxisWeights, AxisWeights, AxisWeights];
  return voxelsWhereValue(target, (ijk) => {
    const shares = order.map((value) => ({
      value,
      share: shareOf(value, ijk, labels, source.sizeIjk, tables),
    }));
    const sum = shares.reduce((total, { share }) => total + share, 0);
    const best = shares.reduce((a, b) => (b.share >= a.share - 1e-5 ? b : a));
    return sum >= 0.5 - 1e-5 ? best.value : 0;
  });
}

function shareOf(
  value: number,
  ijk: Vec3,
  labels: Uint8Array,
  size: Vec3,
  tables: readonly AxisWeights[],
): number {
  let share = 0;
  const along = (axis: number) => {
    const table = tables[axis] as AxisWeights;
    return weightsOf(table, ijk[axis] as number).map((weight, n) => ({
      at: (table.starts[ijk[axis] as number] as number) + n,
      weight,
    }));
  };
  for (const k of along(2))
    for (const j of along(1))
      for (const i of along(0)) {
        if (labels[(k.at * size[1] + j.at) * size[0] + i.at] === value)
          share += i.weight * j.weight * k.weight;
      }
  return share;
}

function voxelsWhereValue(
  { sizeIjk: [columns, rows, slices] }: VolumeGeometry,
  valueAt: (ijk: Vec3) => number,
): Uint8Array {
  const out = new Uint8Array(columns * rows * slices);
  let at = 0;
  for (let k = 0; k < slices; k++)
    for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) out[at++] = valueAt([i, j, k]);
  return out;
}

describe('targetGrid', () => {
  it.each(GRIDS)('keeps the outer corner and the axes of the $name grid', ({ geometry }) => {
    const target = targetGrid(geometry, [2, 1.5, 0.7]);
    expect(norm(subtract(outerCorner(target), outerCorner(geometry)))).toBeLessThan(1e-9);
    expect(target.directionLps).toEqual(geometry.directionLps);
    target.sizeIjk.forEach((size, axis) => {
      const extent = (geometry.sizeIjk[axis] as number) * (geometry.spacingMm[axis] as number);
      expect(size).toBe(Math.round(extent / ([2, 1.5, 0.7][axis] as number)));
    });
  });

  it('keeps at least one voxel', () => {
    expect(targetGrid(GRID, [100, 100, 100]).sizeIjk).toEqual([1, 1, 1]);
  });

  it('refuses impossible spacings, sheared grids and huge volumes', () => {
    expect(codeOf(() => targetGrid(GRID, [1, 0, 1]))).toBe('InvalidParameters');
    expect(codeOf(() => targetGrid(GRID, [1, Number.NaN, 1]))).toBe('InvalidParameters');
    expect(codeOf(() => targetGrid(GRID, [1e-3, 1e-3, 1e-3]))).toBe('VolumeTooLarge');
    const sheared = createGeometry({
      ...GRID,
      directionLps: fromColumns([1, 0, 0], [0, 1, 0], normalise([0.2, 0, 1])),
    });
    expect(codeOf(() => targetGrid(sheared, [1, 1, 1]))).toBe('GantryTilt');
    const leaning = (cosine: number) =>
      createGeometry({
        ...GRID,
        directionLps: fromColumns([1, 0, 0], [0, 1, 0], normalise([0, cosine, 1])),
      });
    // Two degrees, whose box has 99.94 % of an upright one.
    expect(codeOf(() => targetGrid(leaning(Math.tan(Math.PI / 90)), [1, 1, 1]))).toBe('GantryTilt');
    expect(codeOf(() => targetGrid(leaning(1.1e-4), [1, 1, 1]))).toBe('GantryTilt');
    expect(targetGrid(leaning(0.9e-4), GRID.spacingMm).sizeIjk).toEqual(GRID.sizeIjk);
    expect(() => targetGrid(leaning(Math.tan(Math.PI / 90)), [1, 1, 1])).toThrow('2.000 degrees');
  });
});

describe('axis weights', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.2, max: 6, noNaN: true }));

  it('add up to one for every target and stay inside the source', () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom(areaWeights, linearWeights), ([size, ratio], make) => {
        const target = Math.max(1, Math.round(size / ratio));
        const table = make(size, target, ratio);
        for (let t = 0; t < target; t++) {
          const weights = weightsOf(table, t);
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
          expect(weights.every((weight) => weight > -1e-12)).toBe(true);
          expect(table.starts[t] as number).toBeGreaterThanOrEqual(0);
          expect((table.starts[t] as number) + weights.length).toBeLessThanOrEqual(size);
        }
      }),
    );
  });

  it('share whole volumes out: partial volumes add up to the source', () => {
    const table = areaWeights(12, 5, 12 / 5);
    const given = new Float64Array(12);
    for (let t = 0; t < 5; t++) {
      weightsOf(table, t).forEach((weight, n) => {
        const at = (table.starts[t] as number) + n;
        given[at] = (given[at] as number) + weight * (12 / 5);
      });
    }
    given.forEach((share) => {
      expect(share).toBeCloseTo(1, 9);
    });
  });

  it('are exact copies at equal spacing', () => {
    for (const make of [areaWeights, linearWeights]) {
      const table = make(5, 5, 1);
      for (let t = 0; t < 5; t++) expect([table.starts[t], ...weightsOf(table, t)]).toEqual([t, 1]);
    }
  });

  it('crop to a window without changing what falls in it', () => {
    const table = linearWeights(10, 20, 0.5);
    const cropped = cropWeights(table, 4, 6);
    expect(cropped?.first).toBe(7);
    expect(cropped?.table.starts.length).toBe(8);
    expect(cropWeights(table, 20, 30)).toBeUndefined();
  });
});

describe('resampleImage', () => {
  it.each(GRIDS)(
    'reproduces a linear ramp in the patient away from the edges of the $name grid',
    ({ geometry }) => {
      const ramp = ([x, y, z]: Vec3) => 2 * x - 3 * y + 0.5 * z;
      const values = new Float32Array(voxelCount(geometry));
      fill(geometry, values, ramp);
      const { geometry: target, values: out } = resampleImage(
        { geometry, values, unit: 'US' },
        [1.3, 0.8, 2.1],
      );
      const [columns, rows, slices] = target.sizeIjk;
      for (const ijk of [
        [20, 20, 5],
        [columns - 9, rows - 9, slices - 4],
        [9, rows - 9, 5],
      ] as Vec3[]) {
        const at = (ijk[2] * rows + ijk[1]) * columns + ijk[0];
        expect(out[at] as number).toBeCloseTo(ramp(applyAffine(target.affineIjkToLps, ijk)), 3);
      }
    },
  );

  it('copies at equal spacing', () => {
    const values = Int16Array.from({ length: voxelCount(GRID) }, (_, n) => n - 90);
    const out = resampleImage({ geometry: GRID, values, unit: 'HU' }, GRID.spacingMm);
    expect(out.values).toEqual(values);
    expect(out.geometry).toEqual(GRID);
  });

  it('rounds HU to int16 and says so; other units become float32', () => {
    const values = Int16Array.from({ length: voxelCount(GRID) }, (_, n) => n % 2);
    const hu = resampleImage({ geometry: GRID, values, unit: 'HU' }, [0.7, 0.7, 0.7]);
    expect([hu.values.constructor.name, hu.maxRoundingError]).toEqual(['Int16Array', 0.5]);
    const counts = resampleImage({ geometry: GRID, values, unit: 'US' }, [0.7, 0.7, 0.7]);
    expect([counts.values.constructor.name, counts.maxRoundingError]).toEqual(['Float32Array', 0]);
  });

  it('never mixes padding with acquired values', () => {
    const values = Int16Array.from({ length: voxelCount(GRID) }, (_, n) => (n % 8 < 4 ? -2000 : 100));
    const padding = { low: -2000, high: -2000 };
    const out = resampleImage({ geometry: GRID, values, unit: 'HU', padding }, [0.6, 0.6, 1.1]).values;
    expect([...new Set(out)].sort()).toEqual([-2000, 100]);
    const mixed = resampleImage({ geometry: GRID, values, unit: 'HU' }, [0.6, 0.6, 1.1]).values;
    expect(new Set(mixed).size).toBeGreaterThan(2);
    const unpadded = resampleImage(
      { geometry: GRID, values, unit: 'HU', padding: { low: 5, high: 6 } },
      [0.6, 0.6, 1.1],
    ).values;
    expect(unpadded).toEqual(mixed);
  });
});

describe('resampleMask', () => {
  it('agrees with the plain rule for any labels and spacing', () => {
    const labels = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 192, maxLength: 192 });
    const side = fc.double({ min: 0.4, max: 4, noNaN: true }).map((value) => Math.round(value * 100) / 100);
    fc.assert(
      fc.property(
        labels,
        fc.tuple(side, side, side),
        fc.shuffledSubarray([1, 2, 3], { minLength: 3 }),
        (values, spacing, order) => {
          const source = Uint8Array.from(values);
          const result = resampleMask({ geometry: GRID, labels: source, valueOrder: order }, spacing);
          expect(result.labels).toEqual(resampleBruteForce(source, GRID, result.geometry, order));
          expect([...new Set(result.labels)].every((value) => value === 0 || source.includes(value))).toBe(
            true,
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(GRIDS)('keeps a sphere on the $name grid, up and down', ({ geometry }) => {
    const inside = (point: Vec3) => norm(subtract(point, [1.1, 0.4, -0.7])) < 15;
    const labels = Uint8Array.from(voxelsWhere(geometry, inside), (bit) => bit * 9);
    for (const spacing of [
      [0.8, 0.8, 0.8],
      [2, 2, 2],
    ] as Vec3[]) {
      const result = resampleMask({ geometry, labels, valueOrder: [9] }, spacing);
      expect(dice(result.labels, 9, voxelsWhere(result.geometry, inside))).toBeGreaterThan(0.95);
      // Halving the resolution of an even grid puts many shares at exactly one half, which counts as inside.
      expect(Math.abs(result.regions[0]?.driftPercent ?? 100)).toBeLessThan(3);
    }
  });

  it('gives equal shares to the later map line', () => {
    const pair = createGeometry({ ...GRID, sizeIjk: [2, 1, 1] });
    const labels = Uint8Array.of(1, 2);
    expect(resampleMask({ geometry: pair, labels, valueOrder: [1, 2] }, [2, 1, 2]).labels[0]).toBe(2);
    expect(resampleMask({ geometry: pair, labels, valueOrder: [2, 1] }, [2, 1, 2]).labels[0]).toBe(1);
  });

  it('counts a region as lost when no voxel is left', () => {
    const labels = new Uint8Array(voxelCount(GRID));
    labels[100] = 7;
    const [region] = resampleMask({ geometry: GRID, labels, valueOrder: [7] }, [3, 3, 4]).regions;
    expect(region).toMatchObject({ value: 7, voxelsNative: 1, voxels: 0, driftPercent: -100 });
  });

  it('keeps 16-bit values and empty masks', () => {
    const labels = new Uint16Array(voxelCount(GRID)).fill(40000);
    expect([
      ...new Set(resampleMask({ geometry: GRID, labels, valueOrder: [40000] }, [3, 3, 3]).labels),
    ]).toEqual([40000]);
    const empty = resampleMask(
      { geometry: GRID, labels: new Uint8Array(voxelCount(GRID)), valueOrder: [] },
      [3, 3, 3],
    );
    expect(empty.regions).toEqual([]);
  });
});

function fill(geometry: VolumeGeometry, values: Float32Array, valueAt: (point: Vec3) => number): void {
  const [columns, rows, slices] = geometry.sizeIjk;
  let at = 0;
  for (let k = 0; k < slices; k++)
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++) {
        values[at++] = valueAt(applyAffine(geometry.affineIjkToLps, [i, j, k]));
      }
}
