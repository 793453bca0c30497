import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PatientContour } from '../../../../src/imaging/contour/structure-set.ts';
import { applyAffine } from '../../../../src/imaging/geometry/affine.ts';
import type { Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import type { VolumeGeometry } from '../../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import { centredGrid, GRIDS, structureSet, targetOf } from '../../../helpers/imaging-phantom.ts';
import { POLICIES } from './build-case.ts';

const GRID = centredGrid([20, 18, 16], [1, 1.5, 2], [1, 0, 0], [0, 1, 0]);

function build(contours: readonly PatientContour[], geometry: VolumeGeometry) {
  const set = { ...structureSet({ A: contours }), referencedSeriesUids: [] };
  return buildMask({ target: targetOf(geometry), regions: contourRegions(set), policies: POLICIES });
}

/** A rectangle in the plane of index `at` along an axis of the grid, half a voxel round the voxels `low` to `high`. */
function rectangle(
  geometry: VolumeGeometry,
  axis: 0 | 1,
  at: number,
  {
    low,
    high,
    backwards = false,
  }: { readonly low: number; readonly high: number; readonly backwards?: boolean },
): PatientContour {
  const [a, b] = [low - 0.5, high + 0.5];
  const ring = [
    [a, a],
    [b, a],
    [b, b],
    [a, b],
  ] as const;
  const corners: Vec3[] = ring.map(([x, y]) => (axis === 0 ? [at, x, y] : [x, at, y]));
  const ordered = backwards ? corners.toReversed() : corners;
  return {
    geometricType: 'CLOSED_PLANAR',
    pointsLps: Float64Array.from(ordered.flatMap((ijk) => applyAffine(geometry.affineIjkToLps, ijk))),
  };
}

/** Voxels by index along an axis. */
function profile(
  contours: readonly PatientContour[],
  axis: 0 | 1,
  geometry: VolumeGeometry,
): Record<number, number> {
  const { labels } = build(contours, geometry);
  const [columns, rows] = geometry.sizeIjk;
  const counts: Record<number, number> = {};
  labels.forEach((label, at) => {
    if (label === 0) return;
    const index = axis === 0 ? at % columns : Math.floor(at / columns) % rows;
    counts[index] = (counts[index] ?? 0) + 1;
  });
  return counts;
}

const SPAN = { low: 4, high: 8 };

describe('planes across the slices', () => {
  it.each([
    { positions: [5.5], voxels: { 5: 25 } },
    { positions: [5.5, 6.5, 7.5], voxels: { 5: 25, 6: 25, 7: 25 } },
    { positions: [5], voxels: { 5: 25 } },
    { positions: [4, 6], voxels: { 3: 25, 4: 25, 5: 25, 6: 25 } },
    { positions: [4, 8, 10, 12], voxels: { 3: 25, 4: 25, 7: 25, 8: 25, 9: 25, 10: 25, 11: 25, 12: 25 } },
  ])(
    'at $positions fill half-open stretches, the lower index on a tie, whichever way they turn',
    ({ positions, voxels }) => {
      for (const axis of [0, 1] as const) {
        for (const turned of [0, 1, 2, 3]) {
          const contours = positions.map((at, n) =>
            rectangle(GRID, axis, at, { ...SPAN, backwards: ((turned >> (n % 2)) & 1) === 1 }),
          );
          expect(profile(contours, axis, GRID)).toEqual(voxels);
          expect(profile(contours.toReversed(), axis, GRID)).toEqual(voxels);
        }
      }
    },
  );

  it("of different size meet half way, and the voxel on the border is the upper one's", () => {
    for (const backwards of [false, true]) {
      const contours = [
        rectangle(GRID, 0, 4, { low: 4, high: 7, backwards }),
        rectangle(GRID, 0, 6, { low: 3, high: 8, backwards: !backwards }),
      ];
      expect(profile(contours, 0, GRID)).toEqual({ 3: 16, 4: 16, 5: 36, 6: 36 });
    }
  });

  it('leave no voxel out where their distances are rounded', () => {
    const contours = [3, 5.04, 6.98, 9, 10.97].map((at) => rectangle(GRID, 0, at, SPAN));
    expect(profile(contours, 0, GRID)).toEqual(
      Object.fromEntries(Array.from({ length: 10 }, (_, n) => [n + 2, 25])),
    );
  });

  it('keep a hole whose plane is off by the rounding of a file', () => {
    const contours = [rectangle(GRID, 0, 5.03, { low: 6, high: 6 }), rectangle(GRID, 0, 5, SPAN)];
    expect(profile(contours, 0, GRID)).toEqual({ 5: 24 });
  });

  it('have edges like those of the slices: neighbours share no voxel and leave none out', () => {
    const at = (low: number, high: number) =>
      profile([rectangle(GRID, 1, 7, { low: low + 0.5, high: high + 0.5 })], 1, GRID)[7] ?? 0;
    // Edges through voxel centres: the lower and left ones belong, the upper and right ones do not.
    expect(at(3, 5)).toBe(9);
    expect(at(3, 6)).toBe(16);
  });

  it('on any grid have the volume of their contours, and the same voxels whichever way they turn', () => {
    const grid = fc.constantFrom(...GRIDS.map(({ geometry }) => geometry));
    const steps = fc.array(fc.constantFrom(1, 2), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        grid,
        fc.constantFrom(0, 1),
        fc.integer({ min: 0, max: 3 }),
        steps,
        (geometry, axis, half, turns) => {
          const across = (backwards: boolean) =>
            build(
              turns.map((turn, n) =>
                rectangle(geometry, axis as 0 | 1, 10 + half / 2 + 2 * n, {
                  ...SPAN,
                  backwards: (turn === 1) === backwards,
                }),
              ),
              geometry,
            );
          const [mask, turned] = [across(false), across(true)];
          expect(Buffer.from(mask.labels).equals(Buffer.from(turned.labels))).toBe(true);
          const depth = turns.length === 1 ? 1 : 2;
          expect(mask.regions[0]?.voxels).toBe(25 * depth * turns.length);
          const [region] = mask.regions;
          expect(region?.volumeMlContours).toBeCloseTo(region?.volumeMlVoxels ?? 0, 6);
        },
      ),
      { numRuns: 40 },
    );
  });
});
