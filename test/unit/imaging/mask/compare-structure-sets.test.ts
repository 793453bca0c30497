import { describe, expect, it } from '@jest/globals';
import type {
  ImageContour,
  PatientContour,
  StructureSet,
} from '../../../../src/imaging/contour/structure-set.ts';
import { applyAffine, invertAffine } from '../../../../src/imaging/geometry/affine.ts';
import { ALLOWED_PX, compareStructureSets } from '../../../../src/imaging/mask/compare-structure-sets.ts';
import {
  centredGrid,
  contourOnSlice,
  GRIDS,
  polygonPoints,
  sphereContours,
  structureSet,
  targetOf,
} from '../../../helpers/imaging-phantom.ts';

const GRID = centredGrid([48, 40, 9], [1, 1.2, 2], [1, 0, 0], [0, 1, 0]);
const RING = polygonPoints([20.3, 18.2], 9, 60);

function ring(k: number, shift = 0): PatientContour {
  return contourOnSlice(
    GRID,
    k,
    RING.map(([x, y]) => [x + shift, y] as const),
  );
}

/** The same contours as pixels of the images they name. */
function asAim(set: StructureSet, grid = GRID, shiftPx = 0): StructureSet {
  const toIjk = invertAffine(grid.affineIjkToLps);
  const rois = set.rois.map((roi) => ({
    ...roi,
    contours: (roi.contours as PatientContour[]).map(
      ({ geometricType, pointsLps, sopInstanceUid = '' }): ImageContour => {
        const pointsPx = new Float64Array((pointsLps.length / 3) * 2);
        for (let n = 0; n < pointsLps.length / 3; n++) {
          const [x, y, z] = pointsLps.subarray(3 * n, 3 * n + 3) as unknown as [number, number, number];
          const [i, j] = applyAffine(toIjk, [x, y, z]);
          pointsPx.set([i + shiftPx, j + shiftPx], 2 * n);
        }
        return { geometricType, pointsPx, sopInstanceUid, frame: 1 };
      },
    ),
  }));
  return { ...set, format: 'AIM', rois };
}

describe('compareStructureSets', () => {
  it.each(GRIDS)('finds no difference between an RTSTRUCT and its AIM on the $name grid', ({ geometry }) => {
    const set = structureSet({ Sphere: sphereContours(geometry, [1.2, -2.1, 0.7], 12.3, 90) });
    const { regions, warnings } = compareStructureSets(asAim(set, geometry), set, targetOf(geometry));
    expect(regions).toHaveLength(1);
    expect(regions[0]).toMatchObject({ name: 'Sphere', differingVoxels: 0, dice: 1 });
    expect(regions[0]?.farthestPx).toBeLessThan(1e-6);
    expect(warnings).toEqual([]);
  });

  it('reports half a pixel, the difference of two conventions', () => {
    const set = structureSet({ A: [ring(2), ring(3)] });
    const { regions, warnings } = compareStructureSets(asAim(set, GRID, 0.5), set, targetOf(GRID));
    expect(regions[0]?.farthestPx).toBeCloseTo(Math.SQRT1_2, 1);
    expect(regions[0]?.differingVoxels).toBeGreaterThan(0);
    expect(regions[0]?.dice).toBeLessThan(1);
    expect(warnings).toMatchObject([{ code: 'FormatsDiffer', region: 'A', needsReview: true }]);
    expect(warnings[0]?.message).toContain('0.71 pixels apart');
  });

  it('tolerates what a file rounds', () => {
    const set = structureSet({ A: [ring(2)] });
    const moved = (by: number) =>
      compareStructureSets(set, structureSet({ A: [ring(2, by)] }), targetOf(GRID));
    expect(moved(ALLOWED_PX - 0.01).warnings).toEqual([]);
    expect(moved(ALLOWED_PX + 0.01).warnings).toHaveLength(1);
  });

  it('reports regions and slices that one file lacks, whatever the spelling of the names', () => {
    const first = structureSet({ 'Left Kidney': [ring(2), ring(3)], Spleen: [ring(5)], Empty: [] });
    const second = structureSet({ 'left  KIDNEY': [ring(2)], Liver: [ring(5)] });
    const { regions, warnings } = compareStructureSets(first, second, targetOf(GRID));
    expect(
      regions.map(({ name, voxels, dice, farthestPx }) => [
        name,
        voxels.map((count) => count !== null),
        dice,
        farthestPx,
      ]),
    ).toEqual([
      ['Left Kidney', [true, true], 2 / 3, null],
      ['Spleen', [true, false], null, null],
      ['Liver', [false, true], null, null],
    ]);
    expect(warnings.map(({ message }) => message.split(': ')[1]?.split(';')[0])).toEqual([
      'a slice is drawn in one of them only',
      'only the RTSTRUCT has it',
      'only the RTSTRUCT has it',
    ]);
  });

  it('takes the nearest of several outlines, and an outline that starts elsewhere, as the same', () => {
    const small = polygonPoints([35.1, 12.3], 4, 40);
    const turned = [...RING.slice(31), ...RING.slice(0, 31)].reverse();
    const a = structureSet({ A: [ring(2), contourOnSlice(GRID, 2, small)] });
    const b = structureSet({ A: [contourOnSlice(GRID, 2, small), contourOnSlice(GRID, 2, turned)] });
    expect(compareStructureSets(a, b, targetOf(GRID)).warnings).toEqual([]);
  });
});
