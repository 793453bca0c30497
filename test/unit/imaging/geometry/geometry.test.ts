import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  affineFrom,
  applyAffine,
  flipLpsRas,
  invertAffine,
} from '../../../../src/imaging/geometry/affine.ts';
import {
  cross,
  determinant,
  fromColumns,
  normalise,
  type Vec3,
} from '../../../../src/imaging/geometry/vector.ts';
import {
  cornerCentresLps,
  cornerDistanceMm,
  createGeometry,
  geometryFromAffine,
  voxelVolumeMl,
} from '../../../../src/imaging/geometry/volume-geometry.ts';
import { quaternionToRotation, rotationToQuaternion } from '../../../../src/imaging/nifti/quaternion.ts';
import { GRIDS } from '../../../helpers/imaging-phantom.ts';

const component = fc.double({ min: -1, max: 1, noNaN: true });
const direction = fc
  .tuple(component, component, component)
  .filter((v) => Math.hypot(...v) > 0.1)
  .map((v) => normalise(v));
const axes = fc
  .tuple(direction, direction)
  .filter(([a, b]) => Math.hypot(...cross(a, b)) > 0.1)
  .map(([a, b]) => {
    const k = normalise(cross(a, b));
    return [a, cross(k, a), k] as const;
  });
const spacing = fc.double({ min: 0.1, max: 10, noNaN: true });
const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const position = fc.tuple(coordinate, coordinate, coordinate);

function expectClose(a: readonly number[], b: readonly number[], digits: number): void {
  a.forEach((value, index) => {
    expect(value).toBeCloseTo(b[index] as number, digits);
  });
}

describe('affines', () => {
  it('map there and back for any orthogonal grid', () => {
    fc.assert(
      fc.property(
        axes,
        fc.tuple(spacing, spacing, spacing),
        position,
        position,
        ([i, j, k], spacingMm, originLps, point) => {
          const grid = createGeometry({
            sizeIjk: [4, 5, 6],
            spacingMm,
            originLps,
            directionLps: fromColumns(i, j, k),
          });
          const there = applyAffine(invertAffine(grid.affineIjkToLps), point);
          expectClose(applyAffine(grid.affineIjkToLps, there), point, 6);
          expectClose(geometryFromAffine(grid.affineIjkToLps, grid.sizeIjk).spacingMm, spacingMm, 9);
        },
      ),
    );
  });

  it('refuse to invert axes in one plane', () => {
    const flat = affineFrom(fromColumns([1, 0, 0], [0, 1, 0], [1, 1, 0]), [0, 0, 0]);
    expect(() => invertAffine(flat)).toThrow('three dimensions');
  });

  it('turn LPS to RAS and back', () => {
    const [grid] = GRIDS;
    const lps =
      grid?.geometry.affineIjkToLps ?? affineFrom(fromColumns([1, 0, 0], [0, 1, 0], [0, 0, 1]), [1, 2, 3]);
    expect(applyAffine(flipLpsRas(lps), [1, 2, 3])).toEqual(
      applyAffine(lps, [1, 2, 3]).map((value, axis) => (axis < 2 ? -value : value)),
    );
    expect(flipLpsRas(flipLpsRas(lps))).toEqual(lps);
  });
});

describe('quaternions', () => {
  it('carry any rotation and mirrored rotation', () => {
    fc.assert(
      fc.property(axes, fc.boolean(), ([i, j, k], mirrored) => {
        const rotation = fromColumns(i, j, mirrored ? (k.map((v) => -v) as unknown as Vec3) : k);
        const stored = rotationToQuaternion(rotation);
        expect(stored.qfac).toBe(mirrored ? -1 : 1);
        // Near a half turn the stored form cannot tell angles of 6e-4 radians apart.
        expectClose(quaternionToRotation(stored), rotation, 2);
      }),
    );
  });

  it.each([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ])('carry half turns about (%d, %d, %d)', (x, y, z) => {
    const half = fromColumns([2 * x - 1, 0, 0], [0, 2 * y - 1, 0], [0, 0, 2 * z - 1]);
    expect(determinant(half)).toBe(1);
    expectClose(quaternionToRotation(rotationToQuaternion(half)), half, 9);
  });

  it('stay a rotation when rounding made them longer than one', () => {
    const rotation = quaternionToRotation({ b: 0.8, c: 0.6, d: 0.01, qfac: 1 });
    expect(determinant(rotation)).toBeCloseTo(1, 9);
  });
});

describe('volume geometry', () => {
  it('lists corners with i fastest and measures how far grids are apart', () => {
    const grid = createGeometry({
      sizeIjk: [3, 4, 5],
      spacingMm: [1, 2, 3],
      originLps: [10, 20, 30],
      directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    });
    expect(cornerCentresLps(grid)[1]).toEqual([12, 20, 30]);
    expect(cornerCentresLps(grid)[7]).toEqual([12, 26, 42]);
    const moved = createGeometry({ ...grid, originLps: [10, 20, 30.5] });
    expect(cornerDistanceMm(grid, moved)).toBeCloseTo(0.5, 9);
    expect(cornerDistanceMm(grid, createGeometry({ ...grid, sizeIjk: [3, 4, 6] }))).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(voxelVolumeMl(grid)).toBeCloseTo(0.006, 12);
  });
});
