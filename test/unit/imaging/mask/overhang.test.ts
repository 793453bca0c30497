import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import type { Contour, ImageContour } from '../../../../src/imaging/contour/structure-set.ts';
import { applyAffine } from '../../../../src/imaging/geometry/affine.ts';
import type { Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import type { MaskTarget } from '../../../../src/imaging/mask/mask-target.ts';
import {
  centredGrid,
  contourOnSlice,
  polygonPoints,
  structureSet,
  targetOf,
} from '../../../helpers/imaging-phantom.ts';
import { POLICIES } from './build-case.ts';

const GRID = centredGrid([32, 32, 9], [1, 1.5, 2], [1, 0, 0], [0, 1, 0]);

function build(contours: readonly Contour[], target: MaskTarget = targetOf(GRID)) {
  const set = { ...structureSet({ A: contours }), referencedSeriesUids: [] };
  return buildMask({ target, regions: contourRegions(set), policies: POLICIES });
}

function box(
  left: number,
  right: number,
  top: number,
  bottom: number,
): readonly (readonly [number, number])[] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

describe('contours beside the images', () => {
  it.each([
    { name: 'wholly to the right', points: box(40, 50, 5, 10), areaMm2: 10 * 5 * 1.5, voxels: 0 },
    { name: 'half to the left', points: box(-8.5, 7.5, 5.5, 9.5), areaMm2: 8 * 4 * 1.5, voxels: 32 },
    { name: 'beyond a corner', points: box(25.5, 37.5, 27.5, 35.5), areaMm2: (96 - 24) * 1.5, voxels: 24 },
    {
      name: 'as a disc cut in half',
      points: polygonPoints([31.5, 15], 9),
      areaMm2: (Math.PI / 2) * 81 * 1.5,
      voxels: 0,
    },
  ])('are counted with the area that is left out: $name', ({ points, areaMm2, voxels }) => {
    const mask = build([contourOnSlice(GRID, 3, points)]);
    const [warning] = mask.warnings.filter(({ code }) => code === 'ContoursOutsideImages');
    expect(warning).toMatchObject({ needsReview: true, details: { count: 1 } });
    expect(Math.abs((warning?.details.areaMm2 as number) - areaMm2)).toBeLessThan(0.5);
    if (voxels > 0) expect(mask.regions[0]?.voxels).toBe(voxels);
  });

  it('leave out the hole that goes with them', () => {
    const ring = [box(-10.5, 9.5, 2.5, 20.5), box(-8.5, -2.5, 4.5, 8.5)];
    const [warning] = build(ring.map((points) => contourOnSlice(GRID, 3, points))).warnings;
    expect(warning).toMatchObject({ code: 'ContoursOutsideImages', details: { count: 2 } });
    expect(warning?.details.areaMm2).toBeCloseTo((10 * 18 - 6 * 4) * 1.5, 0);
  });

  it('are silent while no voxel is lost: up to the centre of the first one that is not there', () => {
    expect(build([contourOnSlice(GRID, 3, box(-0.99, 31.99, -0.99, 31.99))]).warnings).toEqual([]);
    expect(build([contourOnSlice(GRID, 3, box(-1.01, 31, 0, 31))]).warnings).toHaveLength(1);
  });

  it('across the slices, too: above the volume, and in a plane beside it', () => {
    const plane = (column: number, from: number, to: number): Contour => {
      const corners: Vec3[] = [
        [column, 4.5, from],
        [column, 14.5, from],
        [column, 14.5, to],
        [column, 4.5, to],
      ];
      return {
        geometricType: 'CLOSED_PLANAR',
        pointsLps: Float64Array.from(corners.flatMap((ijk) => applyAffine(GRID.affineIjkToLps, ijk))),
      };
    };
    const above = build([plane(6, 4.5, 12.5)]);
    expect(above.regions[0]?.voxels).toBe(10 * 4);
    expect(above.warnings).toMatchObject([{ code: 'ContoursOutsideImages', details: { count: 1 } }]);
    expect(above.warnings[0]?.details.areaMm2).toBeCloseTo(10 * 1.5 * 4 * 2, 0);
    const beside = build([plane(40, 1.5, 4.5)]);
    expect(beside.warnings[0]?.details.areaMm2).toBeCloseTo(10 * 1.5 * 3 * 2, 6);
    expect(build([plane(6, -0.5, 8.5)]).warnings).toEqual([]);
  });

  it('leave out what is not within, for any box', () => {
    const edge = fc.integer({ min: -20, max: 50 });
    fc.assert(
      fc.property(edge, edge, edge, edge, (a, b, c, d) => {
        const [left, right] = [Math.min(a, b) - 0.5, Math.max(a, b) + 0.5];
        const [top, bottom] = [Math.min(c, d) - 0.5, Math.max(c, d) + 0.5];
        const { regions, warnings } = build([contourOnSlice(GRID, 3, box(left, right, top, bottom))]);
        const lost = (right - left) * (bottom - top) - (regions[0]?.voxels ?? 0);
        const told = warnings.find(({ code }) => code === 'ContoursOutsideImages')?.details.areaMm2 ?? 0;
        expect(Math.abs((told as number) / 1.5 - lost)).toBeLessThan(1e-3 * (1 + lost));
      }),
      { numRuns: 60 },
    );
  });
});

describe('pixel positions on an image of several frames', () => {
  const slices = targetOf(GRID).slices.map(({ k }) => ({ k, sopInstanceUid: 'mosaic', frame: k + 1 }));
  const target = { ...targetOf(GRID), slices };
  const drawn = (column: number): ImageContour => ({
    geometricType: 'CLOSED_PLANAR',
    pointsPx: Float64Array.from(box(column, column + 6, 4.5, 9.5).flat()),
    sopInstanceUid: 'mosaic',
    frame: 1,
  });

  it('are refused where they lie on another tile of the picture', () => {
    expect(build([drawn(4.5)], target).regions[0]?.voxels).toBe(30);
    expect(() => build([drawn(40.5)], target)).toThrow(PipelineError);
    expect(() => build([drawn(40.5)], target)).toThrow(
      /column 44, row 7 of frame 1, which has 32 x 32 pixels/u,
    );
  });
});
