import { describe, expect, it } from '@jest/globals';
import type { Contour } from '../../../../src/imaging/contour/structure-set.ts';
import { add, norm, scale, subtract, type Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import {
  centredGrid,
  contourOnSlice,
  dice,
  GRIDS,
  insidePolygon,
  polygonPoints,
  sliceUid,
  sphereContours,
  structureSet,
  voxelsWhere,
} from '../../../helpers/imaging-phantom.ts';

import { build, codeOf, column3d, GRID, move, type Points, SQUARE, withoutImage } from './build-case.ts';

describe('buildMask against analytic bodies', () => {
  it.each(GRIDS)('draws a sphere with Dice >= 0.9999 on the $name grid', ({ geometry }) => {
    const centre: Vec3 = [1.237, -2.113, 0.719];
    const radius = 17.3;
    const mask = build({
      geometry,
      set: structureSet({ Sphere: sphereContours(geometry, centre, radius) }),
      map: 'Sphere=7',
    });
    const truth = voxelsWhere(geometry, (point) => norm(subtract(point, centre)) < radius);
    expect(dice(mask.labels, 7, truth)).toBeGreaterThanOrEqual(0.9999);
    const [region] = mask.regions;
    const exactMl = ((4 / 3) * Math.PI * radius ** 3) / 1000;
    expect(Math.abs((region?.volumeMlContours ?? 0) / exactMl - 1)).toBeLessThan(0.02);
    expect(mask.warnings).toEqual([]);
  });

  it.each(GRIDS)('draws rings, islands, a keyhole and a thin wall on the $name grid', ({ geometry }) => {
    const shapes: Record<string, Points[]> = {
      Rings: [
        polygonPoints([20.3, 20.2], 14),
        polygonPoints([20.3, 20.2], 9),
        polygonPoints([20.3, 20.2], 4),
      ],
      Islands: [
        polygonPoints([40.2, 8.1], 3),
        polygonPoints([47.4, 8.3], 2.6),
        polygonPoints([43.1, 14.7], 2),
      ],
      Keyhole: [keyhole([44.3, 34.4], 11, 6)],
      Wall: [polygonPoints([14.7, 43.2], 6), polygonPoints([14.7, 43.2], 5)],
    };
    for (const [name, rings] of Object.entries(shapes)) {
      const contours = [5, 6, 7].flatMap((k) => rings.map((ring) => contourOnSlice(geometry, k, ring)));
      const mask = build({ geometry, set: structureSet({ [name]: contours }), map: `${name}=300` });
      const inside = (x: number, y: number) =>
        rings.filter((ring) => insidePolygon(ring, x, y)).length % 2 === 1;
      const truth = voxelsWhere(geometry, (_, [i, j, k]) => k >= 5 && k <= 7 && inside(i, j));
      expect(mask.labels).toBeInstanceOf(Uint16Array);
      expect(dice(mask.labels, 300, truth)).toBeGreaterThanOrEqual(0.9999);
    }
  });

  it('draws sagittal contours on an axial grid, each plane half way to its neighbours', () => {
    const [axial] = GRIDS;
    const geometry = axial?.geometry ?? GRID;
    // Planes at odd x, voxel centres at half-integers: every voxel has one nearest plane.
    const sagittal = centredGrid([64, 64, 40], [1, 1, 2], [0, 1, 0], [0, 0, -1]);
    const centre: Vec3 = [0.513, -0.211, 0.377];
    const contours = sphereContours(sagittal, centre, 11.2).map(withoutImage);
    const set = { ...structureSet({ Sphere: contours }), referencedSeriesUids: [] };
    const mask = build({ geometry, set, map: 'Sphere=1' });
    const truth = voxelsWhere(geometry, ([x, y, z]) => {
      const nearest = 2 * Math.round((x - 1) / 2) + 1;
      return norm(subtract([nearest, y, z], centre)) < 11.2;
    });
    expect(dice(mask.labels, 1, truth)).toBeGreaterThanOrEqual(0.9999);
    expect(
      Math.abs((mask.regions[0]?.volumeMlVoxels ?? 0) / (mask.regions[0]?.volumeMlContours ?? 1) - 1),
    ).toBeLessThan(0.02);
  });

  it('draws oblique contours on an axial grid as deep as their planes reach', () => {
    const [axial] = GRIDS;
    const oblique = GRIDS.find(({ name }) => name === 'oblique')?.geometry ?? GRID;
    const geometry = axial?.geometry ?? GRID;
    const centre: Vec3 = [0.513, -0.211, 0.377];
    const contours = sphereContours(oblique, centre, 11.2).map(withoutImage);
    const set = { ...structureSet({ Sphere: contours }), referencedSeriesUids: [] };
    const [region] = build({ geometry, set, map: 'Sphere=1' }).regions;
    expect(Math.abs((region?.volumeMlVoxels ?? 0) / (region?.volumeMlContours ?? 1) - 1)).toBeLessThan(0.01);
  });

  it('joins contours along and across the slices, each voxel counted once', () => {
    const plane: Contour = {
      geometricType: 'CLOSED_PLANAR',
      pointsLps: Float64Array.from([0.5, -5, -5, 0.5, 5.1, -5, 0.5, 5.1, 5, 0.5, -5, 5]),
    };
    const along = [4, 8].map((k) => withoutImage(contourOnSlice(GRID, k, SQUARE)));
    const draw = (contours: Contour[]) =>
      build({ set: { ...structureSet({ A: contours }), referencedSeriesUids: [] }, map: 'A=1' });
    const [across, both] = [draw([plane]), draw([plane, ...along])];
    const expected = Uint8Array.from(
      across.labels,
      (value, at) => value | (draw(along).labels[at] as number),
    );
    expect(both.labels).toEqual(expected);
    expect(both.regions[0]).toMatchObject({ voxels: 50 + 200, planes: 3, gaps: 1 });
    expect(both.sources[0]?.voxels).toBe(250);
  });

  it('gives a lone cross plane the depth of a voxel', () => {
    const plane: Contour = {
      geometricType: 'CLOSED_PLANAR',
      pointsLps: Float64Array.from([0.5, -5, -5, 0.5, 5.1, -5, 0.5, 5.1, 5, 0.5, -5, 5]),
    };
    const mask = build({
      set: { ...structureSet({ Plane: [plane] }), referencedSeriesUids: [] },
      map: 'Plane=1',
    });
    expect(mask.regions[0]?.voxels).toBe(10 * 5);
  });
});

describe('buildMask and slices', () => {
  it('lets the nearest of several planes fill a slice; of two equally near ones the lower', () => {
    const off = (k: number, shift: number) => withoutImage(contourOnSlice(GRID, k, move(SQUARE, shift, 0)));
    const set = (contours: Contour[]) => ({ ...structureSet({ A: contours }), referencedSeriesUids: [] });
    const nearest = build({ set: set([off(4.4, 0), off(3.9, 10)]), map: 'A=1' });
    expect(nearest.labels[4 * 1024 + 10 * 32 + 20]).toBe(1);
    expect(nearest.labels[4 * 1024 + 10 * 32 + 6]).toBe(0);
    const tie = build({ set: set([off(4.25, 0), off(3.75, 10)]), map: 'A=1' });
    expect(tie.labels[4 * 1024 + 10 * 32 + 20]).toBe(1);
    expect(tie.labels[4 * 1024 + 10 * 32 + 6]).toBe(0);
  });

  it('puts a contour half way between two slices on the lower one, also at the lower end', () => {
    const at = (k: number) => {
      const set = {
        ...structureSet({ A: [withoutImage(contourOnSlice(GRID, k, SQUARE))] }),
        referencedSeriesUids: [],
      };
      return build({ set, map: 'A=1' }).labels.indexOf(1);
    };
    expect(Math.floor(at(3.5) / 1024)).toBe(3);
    expect(Math.floor(at(-0.5) / 1024)).toBe(0);
    expect(at(-0.6)).toBe(-1);
    expect(at(8.6)).toBe(-1);
  });

  it('reports contours beyond the volume and draws the rest', () => {
    const contours = [
      ...column3d(SQUARE, 7, 8),
      contourOnSlice(GRID, 9, SQUARE),
      contourOnSlice(GRID, 10, SQUARE),
    ];
    const mask = build({ set: structureSet({ A: contours }), map: 'A=1' });
    expect(mask.regions[0]?.voxels).toBe(200);
    expect(mask.warnings).toMatchObject([
      { code: 'ContoursOutsideVolume', needsReview: true, details: { count: 2 } },
    ]);
  });

  it('accepts a contour up to half a slice off its image and rejects one beyond', () => {
    const off = (k: number) =>
      structureSet({ A: [{ ...contourOnSlice(GRID, k, SQUARE), sopInstanceUid: sliceUid(4) }] });
    expect(build({ set: off(4.49), map: 'A=1' }).regions[0]?.voxels).toBe(100);
    expect(codeOf(() => build({ set: off(4.6), map: 'A=1' }))).toBe('ContourOffPlane');
  });

  it('counts planes finer than the slices by their own distance', () => {
    const planes = [3.5, 4, 4.5].map((k) => withoutImage(contourOnSlice(GRID, k, SQUARE)));
    const set = { ...structureSet({ A: planes }), referencedSeriesUids: [] };
    const [region] = build({ set, map: 'A=1' }).regions;
    expect(region?.volumeMlContours).toBeCloseTo(0.3, 9);
  });

  it('leaves gaps empty and asks for review, unless told that none matter', () => {
    const set = structureSet({ A: [...column3d(SQUARE, 1, 2), ...column3d(SQUARE, 5, 6)] });
    const mask = build({ set, map: 'A=1' });
    expect(mask.regions[0]).toMatchObject({ voxels: 400, gaps: 1 });
    expect(mask.warnings).toMatchObject([
      { code: 'GapBetweenContours', needsReview: true, details: { slices: 2 } },
    ]);
    expect(build({ set, map: 'A=1', policies: { gaps: 'none' } }).warnings).toEqual([]);
  });

  it('interpolates shapes over short gaps only', () => {
    const [small, large] = [polygonPoints([15.2, 15.3], 4), polygonPoints([15.2, 15.3], 8)];
    const set = structureSet({ A: [contourOnSlice(GRID, 2, small), contourOnSlice(GRID, 4, large)] });
    const mask = build({ set, map: 'A=1', policies: { gaps: 'interpolate' } });
    const between = mask.labels.subarray(3 * 1024, 4 * 1024).filter((value) => value === 1).length;
    expect(Math.abs(between / (Math.PI * 36) - 1)).toBeLessThan(0.06);
    expect(mask.warnings).toMatchObject([{ code: 'GapInterpolated', needsReview: false }]);
    const far = build({ set, map: 'A=1', policies: { gaps: 'interpolate' }, interpolateUpToMm: 3 });
    expect(far.warnings).toMatchObject([{ code: 'GapBetweenContours' }]);
    expect(far.labels.subarray(3 * 1024, 4 * 1024).some((value) => value === 1)).toBe(false);
  });
});

describe('buildMask and contour types', () => {
  it('counts a contour drawn twice once and says so', () => {
    const mask = build({
      set: structureSet({ A: [...column3d(SQUARE, 2, 2), ...column3d(SQUARE, 2, 2)] }),
      map: 'A=1',
    });
    expect(mask.regions[0]?.voxels).toBe(100);
    expect(mask.warnings).toMatchObject([{ code: 'RepeatedContours', needsReview: false }]);
  });

  it('joins partly crossing contours, states both volumes and asks for review', () => {
    const contours = [contourOnSlice(GRID, 2, SQUARE), contourOnSlice(GRID, 2, move(SQUARE, 5, 5))];
    const mask = build({ set: structureSet({ A: contours }), map: 'A=1' });
    expect(mask.regions[0]?.voxels).toBe(175);
    const [warning] = mask.warnings;
    expect(warning).toMatchObject({ code: 'PartlyCrossingContours', needsReview: true });
    expect(warning?.details.unionMl as number).toBeCloseTo(0.35, 2);
    expect(warning?.details.parityMl as number).toBeCloseTo(0.3, 2);
  });

  it('takes CLOSEDPLANAR_XOR contours as exclusive', () => {
    const contours = [SQUARE, move(SQUARE, 5, 5)].map((ring) => ({
      ...contourOnSlice(GRID, 2, ring),
      geometricType: 'CLOSEDPLANAR_XOR',
    }));
    const mask = build({ set: structureSet({ A: contours }), map: 'A=1' });
    expect(mask.regions[0]?.voxels).toBe(150);
    expect(mask.warnings).toEqual([]);
  });

  it('reports points, open and degenerate contours instead of filling them', () => {
    const contours = [
      ...column3d(SQUARE, 2, 2),
      { ...contourOnSlice(GRID, 3, [[5, 5]]), geometricType: 'POINT' },
      { ...contourOnSlice(GRID, 3, SQUARE), geometricType: 'OPEN_PLANAR' },
      contourOnSlice(GRID, 4, [
        [5, 5],
        [9, 9],
      ]),
    ];
    const mask = build({ set: structureSet({ A: contours }), map: 'A=1' });
    expect(mask.regions[0]?.voxels).toBe(100);
    expect(mask.warnings.map(({ code, needsReview }) => [code, needsReview])).toEqual([
      ['DegenerateContours', false],
      ['UnfilledContourTypes', true],
    ]);
  });

  it('rejects a contour that bends out of its plane and planes in all directions', () => {
    const bent = contourOnSlice(GRID, 3, SQUARE);
    bent.pointsLps[2] = (bent.pointsLps[2] as number) + 3;
    expect(codeOf(() => build({ set: structureSet({ A: [bent] }), map: 'A=1' }))).toBe('ContourNotPlanar');
    const tilted = (axis: Vec3): Contour => ({
      geometricType: 'CLOSED_PLANAR',
      pointsLps: Float64Array.from([
        ...scale(axis, -5),
        ...add(scale(axis, -5), [0, 0, 9]),
        ...add(scale(axis, 5), [0, 0, 9]),
      ]),
    });
    const set = { ...structureSet({ A: [tilted([1, 0, 0]), tilted([0, 1, 0])] }), referencedSeriesUids: [] };
    expect(codeOf(() => build({ set, map: 'A=1' }))).toBe('MalformedContour');
  });

  it('counts two tilted points as degenerate', () => {
    const line: Contour = {
      geometricType: 'CLOSED_PLANAR',
      pointsLps: Float64Array.from([0, 0, 0, 0, 0, 6]),
    };
    const set = { ...structureSet({ A: [line] }), referencedSeriesUids: [] };
    expect(build({ set, map: 'A=1' }).warnings).toMatchObject([{ code: 'DegenerateContours' }]);
  });
});

describe('buildMask and contours that no one drew', () => {
  it('refuses a zigzag that would exhaust memory', () => {
    const zigzag: Points = Array.from(
      { length: 40_000 },
      (_, n) => [n / 2000, n % 2 === 0 ? 0.2 : 25.7] as const,
    );
    const set = structureSet({ A: [contourOnSlice(GRID, 3, zigzag), contourOnSlice(GRID, 3, SQUARE)] });
    expect(codeOf(() => build({ set, map: 'A=1' }))).toBe('MalformedContour');
  });
});

/** One outline that runs in along a channel of no width, round the hole, and out again. */
function keyhole([x, y]: readonly [number, number], outer: number, inner: number): Points {
  const ring = (radius: number, turn: 1 | -1) =>
    Array.from({ length: 361 }, (_, n) => {
      const angle = (turn * 2 * Math.PI * n) / 360 + 0.0173;
      return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
    });
  return [...ring(outer, 1), ...ring(inner, -1)];
}
