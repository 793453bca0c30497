import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import { nearestDistances } from '../../../../src/imaging/metrics/nearest-distances.ts';
import { cutRegion, surfaceElements, surfaceVoxels } from '../../../../src/imaging/metrics/region-surface.ts';
import { surfaceDistances } from '../../../../src/imaging/metrics/surface-distance.ts';
import { surfaceElementAreas } from '../../../../src/imaging/metrics/surface-element-area.ts';

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

describe('surfaceElementAreas', () => {
  it('has the areas that surface-distance 0.1 uses, on the unit cube and by their sum on another', () => {
    const counts = new Map<string, number>();
    for (const area of surfaceElementAreas([1, 1, 1])) {
      const rounded = area.toFixed(3);
      counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
    }
    expect([...counts].sort()).toEqual([
      ['0.000', 2],
      ['0.217', 16],
      ['0.433', 32],
      ['0.650', 16],
      ['0.707', 24],
      ['0.866', 2],
      ['0.924', 48],
      ['1.000', 6],
      ['1.150', 48],
      ['1.299', 8],
      ['1.366', 24],
      ['1.414', 6],
      ['1.573', 24],
    ]);
    expect(sum(surfaceElementAreas([0.7, 1.3, 2.9]))).toBeCloseTo(591.6622968920756, 9);
  });

  it('gives a filling and its complement one surface, and a flat one its face', () => {
    const areas = surfaceElementAreas([2, 3, 5]);
    for (let code = 0; code < 256; code++) expect(areas[code]).toBeCloseTo(areas[255 - code] as number, 12);
    expect([areas[0b01010101], areas[0b00110011], areas[0b00001111]]).toEqual([15, 10, 6]);
  });
});

describe('nearestDistances', () => {
  const side = fc.double({ min: 0.3, max: 4, noNaN: true });
  const grids: readonly { size: Vec3; most: number; what: string }[] = [
    { size: [7, 5, 4], most: 30, what: 'close together' },
    { size: [30, 41, 33], most: 4, what: 'far apart' },
    { size: [3, 90, 1], most: 3, what: 'in one plane' },
    { size: [1, 2, 90], most: 3, what: 'across planes' },
  ];

  it.each(grids)('equals the smallest of all distances of points $what', ({ size, most }) => {
    const [columns, rows, slices] = size;
    const points = fc
      .uniqueArray(fc.integer({ min: 0, max: columns * rows * slices - 1 }), {
        minLength: 1,
        maxLength: most,
      })
      .map((list) => Uint32Array.from(list).sort());
    const position = (at: number): Vec3 => [
      at % columns,
      Math.floor(at / columns) % rows,
      Math.floor(at / (columns * rows)),
    ];
    fc.assert(
      fc.property(points, points, fc.tuple(side, side, side), (from, to, spacing) => {
        const found = nearestDistances(size, spacing, from, to);
        from.forEach((at, n) => {
          const [i, j, k] = position(at);
          const all = [...to].map((other) => {
            const [x, y, z] = position(other);
            return Math.hypot((i - x) * spacing[0], (j - y) * spacing[1], (k - z) * spacing[2]);
          });
          expect(found[n]).toBeCloseTo(Math.min(...all), 9);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('is 0 on the points themselves', () => {
    const points = Uint32Array.from([0, 3, 139]);
    expect([...nearestDistances([7, 5, 4], [1, 1, 1], points, points)]).toEqual([0, 0, 0]);
  });
});

describe('region surfaces', () => {
  const window = { low: [1, 1, 1], high: [3, 4, 5] } as const;
  const labels = new Uint8Array(6 * 6 * 7);
  for (let k = 1; k <= 5; k++)
    for (let j = 1; j <= 4; j++) for (let i = 1; i <= 3; i++) labels[(k * 6 + j) * 6 + i] = 9;
  const box = cutRegion(labels, [6, 6, 7], 9, window);

  it('cut a region with a margin of one voxel', () => {
    expect(box.sizeIjk).toEqual([5, 6, 7]);
    expect(box.mask.reduce((count, value) => count + value, 0)).toBe(60);
    expect(cutRegion(labels, [6, 6, 7], 8, window).mask.every((value) => value === 0)).toBe(true);
  });

  it('find the voxels with an open face', () => {
    expect(surfaceVoxels(box).points.length).toBe(60 - 1 * 2 * 3);
  });

  it('find one element per corner of the surface, with the cut edges of a box', () => {
    const areas = surfaceElementAreas([1, 1, 1]);
    const { points, areas: found, sizeIjk } = surfaceElements(box, areas);
    expect(sizeIjk).toEqual([4, 5, 6]);
    expect(points.length).toBe(4 * 5 * 6 - 2 * 3 * 4);
    const faces = 2 * (2 * 3 + 3 * 4 + 2 * 4);
    const edges = 4 * (2 + 3 + 4);
    expect(sum(found)).toBeCloseTo(faces + edges * Math.SQRT1_2 + 8 * (Math.sqrt(3) / 8), 9);
  });

  it('lie one voxel apart when a box moves by one', () => {
    const moved = cutRegion(labels, [6, 6, 7], 9, { low: [0, 1, 1], high: [3, 4, 5] });
    const still = cutRegion(
      labels.map((_, at) => labels[at + 1] ?? 0),
      [6, 6, 7],
      9,
      { low: [0, 1, 1], high: [3, 4, 5] },
    );
    const found = surfaceDistances(moved, still, [2, 1, 1], 1.9);
    expect([found.hd95Mm, found.voxelHd95Mm]).toEqual([2, 2]);
    expect(found.surfaceDice).toBeLessThan(1);
    expect(surfaceDistances(moved, still, [2, 1, 1], 2).surfaceDice).toBe(1);
  });
});
