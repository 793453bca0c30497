import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyAffine } from '../../../../src/imaging/geometry/affine.ts';
import { mapGrid } from '../../../../src/imaging/geometry/grid-mapping.ts';
import { column, fromColumns, scale, type Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import {
  createGeometry,
  type VolumeGeometry,
  voxelCount,
} from '../../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { niftiRegions } from '../../../../src/imaging/mask/nifti-regions.ts';
import { centredGrid, GRIDS, targetOf } from '../../../helpers/imaging-phantom.ts';
import { codeOf } from './build-case.ts';

const GRID = centredGrid([5, 4, 3], [1, 1.5, 2], [1, 0, 0], [0, 1, 0]);
const POLICIES = { unmapped: 'report', missing: 'review', overlap: 'fail', gaps: 'review' } as const;
type Axis = 0 | 1 | 2;
const ORDERS: readonly (readonly [Axis, Axis, Axis])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** The same voxels numbered otherwise. */
function renumber(grid: VolumeGeometry, order: readonly [Axis, Axis, Axis], reversed: readonly boolean[]) {
  const first: [number, number, number] = [0, 0, 0];
  order.forEach((axis, at) => {
    if (reversed[at]) first[axis] = grid.sizeIjk[axis] - 1;
  });
  const axes = order.map((axis, at) => scale(column(grid.directionLps, axis), reversed[at] ? -1 : 1)) as [
    Vec3,
    Vec3,
    Vec3,
  ];
  return createGeometry({
    sizeIjk: order.map((axis) => grid.sizeIjk[axis]) as unknown as Vec3,
    spacingMm: order.map((axis) => grid.spacingMm[axis]) as unknown as Vec3,
    originLps: applyAffine(grid.affineIjkToLps, first),
    directionLps: fromColumns(...axes),
  });
}

function build(geometry: VolumeGeometry, values: Parameters<typeof niftiRegions>[0]['values'], grid = GRID) {
  return buildMask({
    target: targetOf(grid),
    regions: niftiRegions({ geometry, values }),
    policies: POLICIES,
  });
}

describe('niftiRegions', () => {
  it('gives every label of any number type its voxels, in ascending order of value', () => {
    const values = Float64Array.from({ length: 60 }, (_, at) => [0, 65535, 7][at % 3] as number);
    const mask = build(GRID, values);
    expect(mask.sources).toEqual([
      { number: 7, name: '7', value: 1, voxels: 20, provenance: { format: 'NIFTI' } },
      { number: 65535, name: '65535', value: 2, voxels: 20, provenance: { format: 'NIFTI' } },
    ]);
    expect(Array.from(mask.labels)).toEqual(
      Array.from(values, (value) => [0, 2, 1][[0, 65535, 7].indexOf(value)]),
    );
    expect(mask.regions[0]).toMatchObject({ planes: 3, gaps: 0, volumeMlContours: 0.06 });
  });

  it('finds every voxel of a mask whose axes are exchanged or reversed', () => {
    const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(
        fc.constantFrom(...GRIDS),
        fc.constantFrom(...ORDERS),
        flags,
        fc.nat(1e6),
        ({ geometry }, order, reversed, seed) => {
          const other = renumber(geometry, order, reversed);
          const values = new Uint8Array(voxelCount(other));
          const marked = seed % values.length;
          values[marked] = 3;
          const [columns, rows] = other.sizeIjk;
          const at: Vec3 = [
            marked % columns,
            Math.floor(marked / columns) % rows,
            Math.floor(marked / (columns * rows)),
          ];
          const where = applyAffine(other.affineIjkToLps, at);
          const { labels } = build(other, values, geometry);
          const found = labels.indexOf(1);
          const [i, j] = geometry.sizeIjk;
          const place = applyAffine(geometry.affineIjkToLps, [
            found % i,
            Math.floor(found / i) % j,
            Math.floor(found / (i * j)),
          ]);
          place.forEach((value, axis) => {
            expect(value).toBeCloseTo(where[axis] as number, 6);
          });
          expect(labels.indexOf(1, found + 1)).toBe(-1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives every voxel its region, whatever the values and however axes are numbered', () => {
    const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    const voxels = fc.array(fc.constantFrom(0, 0, 1, 2, 300, 65535), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(fc.constantFrom(...ORDERS), flags, voxels, (order, reversed, values) => {
        fc.pre(values.some((value) => value > 0));
        const other = renumber(GRID, order, reversed);
        const { labels, sources } = build(other, Uint16Array.from(values));
        const mapping = mapGrid(other, GRID);
        const [columns, rows] = GRID.sizeIjk;
        const expected = Array.from(labels, (_, at) => {
          const ijk = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))];
          const offset = ijk.reduce(
            (sum, n, axis) => sum + n * (mapping?.steps[axis] ?? 0),
            mapping?.first ?? 0,
          );
          return values[offset] as number;
        });
        const numberOf = new Map(sources.map(({ value, number }) => [value, number]));
        expect(Array.from(labels, (label) => numberOf.get(label) ?? 0)).toEqual(expected);
        for (const { number, voxels: count } of sources)
          expect(count).toBe(values.filter((value) => value === number).length);
      }),
    );
  });

  it('looks at each value in its own window, so that thousands of them cost no more than one', () => {
    const grid = centredGrid([64, 64, 64], [1, 1, 1], [1, 0, 0], [0, 1, 0]);
    const values = Uint16Array.from({ length: 64 ** 3 }, (_, at) => 1 + Math.floor(at / 64));
    const started = performance.now();
    const mask = build(grid, values, grid);
    expect(mask.sources).toHaveLength(4096);
    expect(mask.sources.every(({ voxels }) => voxels === 64)).toBe(true);
    // Under a tenth of a second; without windows, seven.
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('refuses more values than regions can be, and values scattered like noise', () => {
    const tooMany = Uint16Array.from({ length: 60 * 69 }, (_, at) => at);
    const long = centredGrid([60, 69, 1], [1, 1, 1], [1, 0, 0], [0, 1, 0]);
    expect(() => build(long, tooMany, long)).toThrow('4139 different values other than 0, at most 4096');
    const grid = centredGrid([192, 192, 192], [1, 1, 1], [1, 0, 0], [0, 1, 0]);
    const scattered = new Uint16Array(192 ** 3);
    for (let value = 1; value <= 4096; value++) {
      scattered[value] = value;
      scattered[scattered.length - value] = value;
    }
    expect(codeOf(() => build(grid, scattered, grid))).toBe('VolumeTooLarge');
  });

  it('accepts the rounding of a file and nothing more', () => {
    const moved = (mm: number) =>
      createGeometry({ ...GRID, originLps: [GRID.originLps[0] + mm, GRID.originLps[1], GRID.originLps[2]] });
    const values = new Uint8Array(60).fill(1);
    expect(build(moved(0.009), values).sources[0]?.voxels).toBe(60);
    expect(codeOf(() => build(moved(0.011), values))).toBe('MaskGridMismatch');
    expect(() => build(moved(1), values)).toThrow('up to 1.00 mm');
  });

  it.each([
    { name: 'another size', geometry: centredGrid([5, 4, 4], [1, 1.5, 2], [1, 0, 0], [0, 1, 0]) },
    { name: 'another spacing', geometry: centredGrid([5, 4, 3], [1, 1.5, 2.1], [1, 0, 0], [0, 1, 0]) },
    { name: 'half the spacing', geometry: centredGrid([10, 8, 6], [0.5, 0.75, 1], [1, 0, 0], [0, 1, 0]) },
    {
      name: 'another direction',
      geometry: centredGrid([5, 4, 3], [1, 1.5, 2], [0.8, 0.6, 0], [-0.6, 0.8, 0]),
    },
    {
      name: 'a shift by a voxel',
      geometry: createGeometry({ ...GRID, originLps: applyAffine(GRID.affineIjkToLps, [1, 0, 0]) }),
    },
  ])('rejects a mask of $name', ({ geometry }) => {
    const values = new Uint8Array(voxelCount(geometry)).fill(1);
    expect(mapGrid(geometry, GRID)).toBeUndefined();
    expect(codeOf(() => build(geometry, values))).toBe('MaskGridMismatch');
  });

  it.each([0.5, -1, 65536, Number.NaN, Number.POSITIVE_INFINITY, 1.001])('rejects the value %d', (value) => {
    expect(codeOf(() => niftiRegions({ geometry: GRID, values: Float64Array.of(1, value) }))).toBe(
      'MaskNotIntegral',
    );
  });

  it('rejects a mask of nothing but background', () => {
    expect(codeOf(() => niftiRegions({ geometry: GRID, values: new Int16Array(60) }))).toBe(
      'EmptySegmentation',
    );
  });
});
