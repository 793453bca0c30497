import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import type { Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import {
  createGeometry,
  type VolumeGeometry,
  voxelCount,
} from '../../../../src/imaging/geometry/volume-geometry.ts';
import { compareImages, looksLikeLabelMap } from '../../../../src/imaging/metrics/compare-images.ts';
import { compareLabelMaps } from '../../../../src/imaging/metrics/compare-label-maps.ts';
import { gridDifference, requireSameGrid } from '../../../../src/imaging/metrics/grid-difference.ts';
import { centredGrid, GRIDS, voxelsWhere } from '../../../helpers/imaging-phantom.ts';

/**
 * Masks that any program can make again: x = (1664525 x + 1013904223) mod 2^32, u = x / 2^32. Three balls a mask, each
 * with centre (u0 size_i, u1 size_j, u2 size_k) and radius 2 + 4 u3 in voxels; a voxel is inside when its squared
 * distance is below the squared radius. The first mask is drawn first.
 */
function randomMasks(seed: number, sizeIjk: Vec3): [Uint8Array, Uint8Array] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const mask = () => {
    const balls = [0, 1, 2].map(() => [...sizeIjk.map((size) => random() * size), 2 + random() * 4]);
    return voxelsWhere(gridOf(sizeIjk, [1, 1, 1]), (_, [i, j, k]) =>
      balls.some(
        ([x = 0, y = 0, z = 0, radius = 0]) => (i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2 < radius ** 2,
      ),
    );
  };
  return [mask(), mask()];
}

function gridOf(sizeIjk: Vec3, spacingMm: Vec3): VolumeGeometry {
  return createGeometry({
    sizeIjk,
    spacingMm,
    originLps: [0, 0, 0],
    directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
}

/**
 * Computed offline for the masks above: Dice, surface Dice and HD95 by surface-distance 0.1; voxel HD95 and mean
 * surface distance with scipy 1.17 by MONAI 1.6's definitions (binary erosion, np.percentile, both directions pooled).
 */
const EXPECTED = [
  {
    seed: 1,
    sizeIjk: [20, 18, 16],
    spacingMm: [1, 1, 1],
    toleranceMm: 1,
    voxels: [766, 1015],
    dice: 0,
    surfaceDice: 0.04606483831156545,
    hd95Mm: 10.63014581273465,
    voxelHd95Mm: 11.180339887498949,
    meanSurfaceDistanceMm: 6.577888953302354,
  },
  {
    seed: 2,
    sizeIjk: [24, 20, 9],
    spacingMm: [0.7, 1.3, 2.9],
    toleranceMm: 2,
    voxels: [688, 416],
    dice: 0.06340579710144928,
    surfaceDice: 0.2122233761044408,
    hd95Mm: 15.05489953470298,
    voxelHd95Mm: 15.865068818571721,
    meanSurfaceDistanceMm: 6.683099201796412,
  },
  {
    seed: 3,
    sizeIjk: [16, 26, 12],
    spacingMm: [0.5, 0.5, 3],
    toleranceMm: 3,
    voxels: [852, 1038],
    dice: 0.22116402116402117,
    surfaceDice: 0.7780228581625886,
    hd95Mm: 5.958187643906492,
    voxelHd95Mm: 6.204739339587576,
    meanSurfaceDistanceMm: 2.198858841954619,
  },
  {
    seed: 4,
    sizeIjk: [12, 12, 12],
    spacingMm: [2, 2, 1.25],
    toleranceMm: 0,
    voxels: [662, 388],
    dice: 0.5219047619047619,
    surfaceDice: 0.4150258234607936,
    hd95Mm: 4.47213595499958,
    voxelHd95Mm: 5.123475382979799,
    meanSurfaceDistanceMm: 1.8849837369834077,
  },
] as const;

const METRICS = ['dice', 'surfaceDice', 'hd95Mm', 'voxelHd95Mm', 'meanSurfaceDistanceMm'] as const;

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('compareLabelMaps', () => {
  it.each(EXPECTED)('equals the peers for the masks of seed $seed', (expected) => {
    const geometry = gridOf(expected.sizeIjk, expected.spacingMm);
    const [a, b] = randomMasks(expected.seed, expected.sizeIjk);
    const { labels } = compareLabelMaps({ geometry, labels: a }, { geometry, labels: b }, expected);
    const [label] = labels;
    expect(labels).toHaveLength(1);
    expect([label?.voxelsReference, label?.voxelsOther]).toEqual(expected.voxels);
    for (const metric of METRICS) expect(label?.[metric]).toBeCloseTo(expected[metric], 12);
  });

  it.each(GRIDS)('scores a mask against itself as perfect on the $name grid', ({ geometry }) => {
    const labels = voxelsWhere(geometry, ([x, y, z]) => x * x + y * y + z * z < 15 ** 2);
    const volume = { geometry, labels };
    expect(compareLabelMaps(volume, volume, { toleranceMm: 0 }).labels[0]).toMatchObject({
      value: 1,
      dice: 1,
      surfaceDice: 1,
      hd95Mm: 0,
      voxelHd95Mm: 0,
      meanSurfaceDistanceMm: 0,
      volumeErrorPercent: 0,
    });
  });

  it('measures in mm along oblique axes, whatever the axis', () => {
    const oblique = GRIDS.find(({ name }) => name === 'oblique')?.geometry as VolumeGeometry;
    const single = (at: number) => {
      const labels = new Uint8Array(voxelCount(oblique));
      labels[at] = 1;
      return { geometry: oblique, labels };
    };
    const [columns, rows] = oblique.sizeIjk;
    const distanceAfter = (step: number) =>
      compareLabelMaps(single(0), single(step), { toleranceMm: 1 }).labels[0]?.meanSurfaceDistanceMm;
    expect(distanceAfter(3)).toBeCloseTo(3 * 1.1, 9);
    expect(distanceAfter(4 * columns)).toBeCloseTo(4 * 0.9, 9);
    expect(distanceAfter(5 * columns * rows)).toBeCloseTo(5 * 1.7, 9);
  });

  it('reports each label, those of one map, and those of neither', () => {
    const geometry = gridOf([4, 1, 1], [1, 1, 1]);
    const a = { geometry, labels: [3, 3, 7, 0] };
    const b = { geometry, labels: [3, 0, 0, 300] };
    const found = compareLabelMaps(a, b, { toleranceMm: 1, values: [9, 3, 7, 300] });
    expect(found).toMatchObject({ toleranceMm: 1, emptyInBoth: 1, emptyInOne: 2 });
    expect(found.labels.map(({ value }) => value)).toEqual([9, 3, 7, 300]);
    const [neither, both, onlyFirst, onlySecond] = found.labels;
    const nothing = { hd95Mm: null, voxelHd95Mm: null, meanSurfaceDistanceMm: null };
    expect(neither).toMatchObject({ ...nothing, dice: null, surfaceDice: null, volumeErrorPercent: null });
    expect(both).toMatchObject({ dice: 2 / 3, volumeErrorPercent: -50, volumeMlReference: 0.002 });
    expect(onlyFirst).toMatchObject({ ...nothing, dice: 0, surfaceDice: 0, volumeErrorPercent: -100 });
    expect(onlySecond).toMatchObject({ ...nothing, dice: 0, surfaceDice: 0, volumeErrorPercent: null });
    const byDefault = compareLabelMaps(a, b, { toleranceMm: 0 });
    expect(byDefault.labels.map(({ value }) => value)).toEqual([3, 7, 300]);
  });

  it('counts a surface exactly at the tolerance as within it, though the header is single precision', () => {
    const spacing = Math.fround(1.1);
    const geometry = gridOf([6, 5, 5], [spacing, spacing, spacing]);
    const slab = (from: number) => voxelsWhere(geometry, (_, [i]) => i >= from && i < from + 3);
    const score = (toleranceMm: number) =>
      compareLabelMaps({ geometry, labels: slab(1) }, { geometry, labels: slab(2) }, { toleranceMm })
        .labels[0]?.surfaceDice as number;
    expect(score(1.1)).toBe(1);
    expect(score(1.09)).toBeLessThan(1);
  });

  it('refuses other grids and bad tolerances', () => {
    const geometry = gridOf([2, 2, 2], [1, 1, 1]);
    const moved = createGeometry({ ...geometry, originLps: [0, 0.02, 0] });
    const volume = (on: VolumeGeometry) => ({ geometry: on, labels: new Uint8Array(8) });
    const compare = (other: VolumeGeometry, toleranceMm = 1) =>
      codeOf(() => compareLabelMaps(volume(geometry), volume(other), { toleranceMm }));
    expect(compare(moved)).toBe('MaskGridMismatch');
    expect(compare(gridOf([2, 2, 3], [1, 1, 1]))).toBe('MaskGridMismatch');
    expect(compare(createGeometry({ ...geometry, originLps: [0, 0.009, 0] }))).toBe('no error');
    expect(compare(geometry, -1)).toBe('InvalidParameters');
    expect(compare(geometry, Number.NaN)).toBe('InvalidParameters');
  });
});

describe('gridDifference', () => {
  it('tells size and distance', () => {
    const geometry = centredGrid([4, 4, 4], [1, 1, 1], [1, 0, 0], [0, 1, 0]);
    const moved = createGeometry({ ...geometry, originLps: [-1.5, -1.5, 0.5] });
    expect(gridDifference(geometry, geometry)).toEqual({
      sameSize: true,
      cornerDistanceMm: 0,
      sameGrid: true,
    });
    expect(gridDifference(geometry, moved)).toEqual({ sameSize: true, cornerDistanceMm: 2, sameGrid: false });
    expect(gridDifference(geometry, gridOf([4, 4, 5], [1, 1, 1]))).toEqual({
      sameSize: false,
      cornerDistanceMm: null,
      sameGrid: false,
    });
    expect(() => requireSameGrid(geometry, moved)).toThrow('2.000 mm apart');
    expect(() => requireSameGrid(geometry, gridOf([4, 4, 5], [1, 1, 1]))).toThrow('4 x 4 x 5');
  });
});

describe('compareImages', () => {
  const geometry = gridOf([4, 1, 1], [1, 1, 1]);

  it('tells the largest and the mean difference', () => {
    const other = Float32Array.from([1, 2, 3, 10]);
    expect(compareImages({ geometry, values: [1, 2, 5, 4] }, { geometry, values: other })).toEqual({
      voxels: 4,
      voxelsDiffering: 2,
      maxAbsDifference: 6,
      meanAbsDifference: 2,
    });
  });

  it('takes values that are no number as equal to each other only', () => {
    const values = [Number.NaN, 1, Number.POSITIVE_INFINITY, 0];
    expect(compareImages({ geometry, values }, { geometry, values }).voxelsDiffering).toBe(0);
    const other = [0, 1, Number.POSITIVE_INFINITY, 0];
    expect(compareImages({ geometry, values }, { geometry, values: other })).toMatchObject({
      voxelsDiffering: 1,
      maxAbsDifference: Number.POSITIVE_INFINITY,
    });
  });

  it('refuses other grids', () => {
    const other = { geometry: gridOf([2, 2, 1], [1, 1, 1]), values: [1, 2, 3, 4] };
    expect(codeOf(() => compareImages({ geometry, values: [1, 2, 3, 4] }, other))).toBe('MaskGridMismatch');
  });
});

describe('looksLikeLabelMap', () => {
  it('takes a moderate number of whole values', () => {
    expect(looksLikeLabelMap([0, 1, 65535, 1])).toBe(true);
    expect(looksLikeLabelMap([])).toBe(true);
    for (const value of [-1, 0.5, 65536, Number.NaN]) expect(looksLikeLabelMap([0, value])).toBe(false);
    expect(looksLikeLabelMap(Array.from({ length: 1024 }, (_, n) => n))).toBe(true);
    expect(looksLikeLabelMap(Array.from({ length: 1025 }, (_, n) => n))).toBe(false);
  });
});
