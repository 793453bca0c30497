import { describe, expect, it } from '@jest/globals';
import type { PatientContour, StructureSet } from '../../../../src/imaging/contour/structure-set.ts';
import { acquiredPlanes } from '../../../../src/imaging/mask/acquired-planes.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import type { AcquiredImage, MaskTarget } from '../../../../src/imaging/mask/mask-target.ts';
import {
  centredGrid,
  contourOnSlice,
  polygonPoints,
  structureSet,
  targetOf,
} from '../../../helpers/imaging-phantom.ts';
import { POLICIES } from './build-case.ts';

const GRID = centredGrid([32, 32, 10], [1, 1, 2], [1, 0, 0], [0, 1, 0]);

function target(ks: readonly number[], images: Partial<AcquiredImage> = {}): MaskTarget {
  return { ...targetOf(GRID), slices: ks.map((k) => ({ k, sopInstanceUid: `image ${k}`, ...images })) };
}

function ring(k: number, radius: number): PatientContour {
  const { geometricType, pointsLps } = contourOnSlice(GRID, k, polygonPoints([15.3, 15.2], radius));
  return { geometricType, pointsLps, sopInstanceUid: `image ${k}` };
}

/** Voxels of each slice. */
function areas(
  ks: readonly number[],
  contours: readonly PatientContour[],
  set: Partial<StructureSet> = {},
): number[] {
  const regions = contourRegions({ ...structureSet({ A: contours }), ...set });
  const { labels } = buildMask({ target: target(ks), regions, policies: POLICIES });
  return Array.from(
    { length: 10 },
    (_, k) => labels.subarray(k * 1024, (k + 1) * 1024).filter((value) => value > 0).length,
  );
}

const areaOf = (radius: number) => Math.PI * radius ** 2;

describe('acquiredPlanes', () => {
  const planes = acquiredPlanes(target([0, 1, 4, 6.5]));

  it.each([
    [-0.5, 0],
    [-0.6, undefined],
    [0.5, 0],
    [0.6, 1],
    [2.5, 1],
    [2.6, 2],
    [5.25, 2],
    [5.3, 3],
    [7.75, 3],
    [7.8, undefined],
  ])('finds the plane nearest to %d, at most half a gap away', (k, plane) => {
    expect(planes.nearest(k)).toBe(plane);
  });

  it('knows the slices that are nearest to a plane: of two equally near planes the lower has the slice', () => {
    expect([0, 1, 2, 3].map((plane) => planes.slices(plane))).toEqual([
      { first: 0, last: 0 },
      { first: 1, last: 2 },
      { first: 3, last: 5 },
      { first: 6, last: 7 },
    ]);
    expect(planes.slices(2)).toBe(planes.slices(2));
  });

  it('gives a lone plane half a slice either side', () => {
    const lone = acquiredPlanes(target([3]));
    expect([2.4, 2.5, 3.5, 3.6].map((k) => lone.nearest(k))).toEqual([undefined, 0, 0, undefined]);
  });

  it('tells frames of one instance apart by number, or by position where the number is missing', () => {
    const frames = [0, 1, 2].map((k) => ({ k, sopInstanceUid: 'one', frame: k + 1 }));
    const multi = acquiredPlanes({ ...targetOf(GRID), slices: frames });
    expect(multi.named({ sopInstanceUid: 'one', frame: 3 })).toBe(2);
    expect(multi.named({ sopInstanceUid: 'one', frame: 4 }, 1)).toBeUndefined();
    expect(multi.named({ sopInstanceUid: 'one' }, 1.2)).toBe(1);
    expect(multi.named({ sopInstanceUid: 'one' })).toBeUndefined();
    expect(multi.named({ sopInstanceUid: 'two', frame: 1 })).toBeUndefined();
  });

  it('takes frame 0 of an instance of one frame for its frame', () => {
    expect(planes.named({ sopInstanceUid: 'image 4', frame: 0 })).toBe(2);
    expect(planes.named({ sopInstanceUid: 'image 4', frame: 2 })).toBeUndefined();
  });

  it('places the first pixel where the image was acquired, or where its plane is', () => {
    const shifted = acquiredPlanes(
      target([2], { positionLps: [GRID.originLps[0] + 3, GRID.originLps[1] - 1, GRID.originLps[2] + 4] }),
    );
    expect(
      shifted.firstPixelIjk({ sopInstanceUid: 'image 2' })?.map((value) => Math.round(value * 1e9) / 1e9),
    ).toEqual([3, -1, 2]);
    expect(planes.firstPixelIjk({ sopInstanceUid: 'image 4', frame: 1 })).toEqual([0, 0, 4]);
    expect(planes.firstPixelIjk({ sopInstanceUid: 'nowhere' })).toBeUndefined();
  });
});

describe('contours on an irregular stack', () => {
  it('interpolates slices that nobody acquired between two contoured neighbours', () => {
    const found = areas([0, 1, 2, 5, 6, 7, 8, 9], [ring(1, 6), ring(2, 6), ring(5, 9), ring(6, 9)]);
    [6, 6, 7, 8, 9, 9].forEach((radius, index) => {
      expect(Math.abs((found[index + 1] ?? 0) / areaOf(radius) - 1)).toBeLessThan(0.06);
    });
    expect([found[0], found[7]]).toEqual([0, 0]);
  });

  it('ends a region nearer to its last plane than to the next, shrinking as it did', () => {
    const [, steady] = [0, areas([0, 1, 2, 6, 7, 8, 9], [ring(1, 8), ring(2, 8)])];
    expect(steady.slice(0, 6).map((area) => area > 0)).toEqual([false, true, true, true, true, false]);
    expect(steady[3]).toBe(steady[2]);
    const shrinking = areas([0, 1, 2, 6, 7, 8, 9], [ring(1, 9), ring(2, 7)]);
    expect(shrinking[3]).toBeLessThan(shrinking[2] ?? 0);
    const growing = areas([0, 1, 2, 6, 7, 8, 9], [ring(1, 6), ring(2, 8)]);
    expect(growing[3]).toBe(growing[2]);
    const below = areas([0, 3, 4, 5, 6, 7, 8, 9], [ring(3, 7), ring(4, 9)]);
    expect(below[2]).toBeLessThan(below[3] ?? 0);
    expect(below[1]).toBe(0);
  });

  it('lets a region of one plane fill the slices nearest to it, the lower one at half way', () => {
    expect(areas([0, 3, 6, 9], [ring(3, 5)]).map((area) => area > 0)).toEqual([
      ...[false, false, true, true, true, false, false, false, false, false],
    ]);
    expect(areas([0, 4, 8], [ring(4, 5)]).map((area) => area > 0)).toEqual([
      ...[false, false, false, true, true, true, true, false, false, false],
    ]);
  });

  it('leaves acquired planes without a contour empty, whatever lies beyond them', () => {
    const found = areas([0, 1, 2, 5, 6, 7, 8, 9], [ring(1, 6), ring(6, 6)]);
    expect(found.map((area) => area > 0)).toEqual([
      ...[false, true, false, false, false, false, true, false, false, false],
    ]);
  });

  it('accepts a contour within half the local gap of its image and no farther', () => {
    const off = (k: number) => ({ ...ring(k, 5), sopInstanceUid: 'image 5' });
    expect(areas([0, 1, 2, 5, 6], [off(3.6)])[5]).toBeGreaterThan(0);
    expect(() => areas([0, 1, 2, 5, 6], [off(3.4)])).toThrow('more than half a slice');
    expect(() => areas([0, 1, 2, 5, 6], [off(5.6)])).toThrow('more than half a slice');
  });
});
