import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Contour, PatientContour } from '../../../../src/imaging/contour/structure-set.ts';
import { applyAffine } from '../../../../src/imaging/geometry/affine.ts';
import { add, column, scale } from '../../../../src/imaging/geometry/vector.ts';
import type { VolumeGeometry } from '../../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import {
  centredGrid,
  contourOnSlice,
  GRIDS,
  insidePolygon,
  polygonPoints,
  structureSet,
  targetOf,
  voxelsWhere,
} from '../../../helpers/imaging-phantom.ts';
import { codeOf, POLICIES } from './build-case.ts';

const GRID = centredGrid([64, 64, 24], [1, 1, 2], [1, 0, 0], [0, 1, 0]);

function build(contours: readonly Contour[], geometry: VolumeGeometry = GRID) {
  const set = { ...structureSet({ A: contours }), referencedSeriesUids: [] };
  return buildMask({ target: targetOf(geometry), regions: contourRegions(set), policies: POLICIES });
}

/** Turned about the rows through the image's middle column, so that its mean stays on the slice. */
function tilted(
  geometry: VolumeGeometry,
  k: number,
  points: readonly (readonly [number, number])[],
  degrees: number,
): PatientContour {
  const flat = contourOnSlice(geometry, k, points);
  const middle = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const normal = column(geometry.directionLps, 2);
  const lps = points.flatMap(([i, j]) => {
    const rise = Math.tan((degrees * Math.PI) / 180) * (i - middle) * geometry.spacingMm[0];
    return add(applyAffine(geometry.affineIjkToLps, [i, j, k]), scale(normal, rise));
  });
  return { ...flat, pointsLps: Float64Array.from(lps) };
}

function unnamed({ sopInstanceUid: _, ...contour }: PatientContour): PatientContour {
  return contour;
}

const BODY = polygonPoints([31.3, 30.8], 22.3);

describe('contours that lean a little', () => {
  const slices = Array.from({ length: 20 }, (_, n) => n + 2);
  const flat = build(slices.map((k) => contourOnSlice(GRID, k, BODY)));

  it.each([
    ['with their image', (contour: PatientContour) => contour],
    ['by their position', unnamed],
  ])('stay on their slice: two of twenty by 0.34 degrees, %s', (_, named) => {
    const lean = (k: number) => (k === 8 || k === 20 ? 0.34 : 0);
    const mask = build(slices.map((k) => named(tilted(GRID, k, BODY, lean(k)))));
    expect(mask.labels).toEqual(flat.labels);
    expect(mask.regions[0]).toMatchObject({ planes: 20, gaps: 0, voxels: flat.regions[0]?.voxels });
    expect(mask.regions[0]?.volumeMlContours).toBeCloseTo(flat.regions[0]?.volumeMlContours ?? 0, 6);
    expect(mask.regions[0]?.volumeMlContours).toBeCloseTo((Math.PI * 22.3 ** 2 * 40) / 1000, 1);
    expect(mask.warnings).toEqual([]);
  });

  it('stay on their slice at any angle of up to 1.14 degrees that keeps them within half of it, on every grid', () => {
    const grid = fc.constantFrom(...GRIDS.map(({ geometry }) => geometry));
    fc.assert(
      fc.property(grid, fc.double({ min: -1, max: 1, noNaN: true }), (geometry, share) => {
        const points = polygonPoints([25.3, 24.8], 12.2);
        const half = geometry.spacingMm[2] / 2 / (12.2 * geometry.spacingMm[0]);
        const degrees = share * Math.min(1.14, 0.999 * Math.atan(half) * (180 / Math.PI));
        const leaning = build([tilted(geometry, 7, points, degrees)], geometry);
        const flat = build([contourOnSlice(geometry, 7, points)], geometry);
        expect(Buffer.from(leaning.labels).equals(Buffer.from(flat.labels))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('are refused when they leave the image that they name by more than half a slice', () => {
    expect(codeOf(() => build([tilted(GRID, 8, BODY, 1.1)]))).toBe('no error');
    const thin = centredGrid([64, 64, 24], [1, 1, 0.6], [1, 0, 0], [0, 1, 0]);
    expect(codeOf(() => build([tilted(thin, 8, BODY, 1.1)], thin))).toBe('ContourOffPlane');
  });

  it('without an image are as deep as the planes of their region lie apart, however few of them lean', () => {
    const thin = centredGrid([64, 64, 24], [1, 1, 0.6], [1, 0, 0], [0, 1, 0]);
    const lean = (k: number) => (k === 8 || k === 20 ? 1.1 : 0);
    const [region] = build(
      slices.map((k) => unnamed(tilted(thin, k, BODY, lean(k)))),
      thin,
    ).regions;
    const exactMl = (Math.PI * 22.3 ** 2 * 12) / 1000;
    expect(Math.abs((region?.volumeMlVoxels ?? 0) / exactMl - 1)).toBeLessThan(0.05);
    expect(Math.abs((region?.volumeMlContours ?? 0) / exactMl - 1)).toBeLessThan(0.03);
  });
});

describe('contours of one plane', () => {
  const HOLE = polygonPoints([30.2, 31.1], 7.4);
  const isRing = (x: number, y: number) => insidePolygon(BODY, x, y) && !insidePolygon(HOLE, x, y);
  const ring = voxelsWhere(GRID, (_, [i, j, k]) => k === 3 && isRing(i, j));

  it.each([
    ['0.025 mm off, both with their image', 3.0125, (contour: PatientContour) => contour],
    ['0.09 mm off, both by their position', 3.045, unnamed],
    ['0.35 mm off, both with their image', 3.175, (contour: PatientContour) => contour],
  ])('keep their hole when it lies %s', (_, k, named) => {
    const mask = build([named(contourOnSlice(GRID, 3, BODY)), named(contourOnSlice(GRID, k, HOLE))]);
    expect(mask.labels).toEqual(ring);
    const reviewed = mask.warnings.filter(({ needsReview }) => needsReview).map(({ code }) => code);
    expect(reviewed).toEqual(k > 3.05 ? ['ContoursApart'] : []);
  });

  it('keep their hole when an oblique series is written to a tenth of a millimetre', () => {
    const row = [0.9553364891, 0.2955202067, 0] as const;
    const across = [-0.2762, 0.893, 0.3553] as const;
    const length = Math.hypot(...across);
    const geometry = centredGrid([64, 64, 24], [1, 1, 1], row, [
      across[0] / length,
      across[1] / length,
      across[2] / length,
    ]);
    const coarse = (contour: PatientContour) => ({
      ...contour,
      pointsLps: contour.pointsLps.map((value) => Math.round(value * 10) / 10),
    });
    const few = polygonPoints([30.2, 31.1], 7.4, 5);
    const contours = Array.from({ length: 16 }, (_, n) => n + 4).flatMap((k) =>
      [BODY, few].map((points) => coarse(contourOnSlice(geometry, k, points))),
    );
    const mask = build(contours, geometry);
    const middles = Array.from({ length: 16 }, (_, n) => mask.labels[((n + 4) * 64 + 31) * 64 + 30]);
    expect(middles).toEqual(middles.map(() => 0));
    expect(mask.regions[0]?.planes).toBe(16);
  });

  it.each([2, 3, 4, 5])('are sections of their own when drawn %d times as fine as the slices', (times) => {
    const cone = Array.from({ length: 10 * times }, (_, n) => {
      const k = 5 + (n + 0.5) / times;
      return contourOnSlice(GRID, k, polygonPoints([31.3, 30.8], 8 + k));
    });
    const mask = build(cone);
    const centre = Array.from({ length: 10 }, (_, n) => mask.labels[((n + 5) * 64 + 31) * 64 + 31]);
    expect(centre).toEqual(centre.map(() => 1));
    const [warning] = mask.warnings.filter(({ code }) => code === 'ContoursSuperseded');
    expect(warning).toMatchObject({ needsReview: true });
  });

  it('on two planes of one slice: the nearer is drawn, and the others are counted for review', () => {
    const mask = build([
      contourOnSlice(GRID, 3.1, BODY),
      contourOnSlice(GRID, 3.45, HOLE),
      contourOnSlice(GRID, 3.45, polygonPoints([50, 50], 4)),
    ]);
    expect(mask.labels).toEqual(voxelsWhere(GRID, (_, [i, j, k]) => k === 3 && insidePolygon(BODY, i, j)));
    expect(mask.warnings).toMatchObject([
      { code: 'ContoursSuperseded', needsReview: true, details: { count: 2 } },
    ]);
  });
});
