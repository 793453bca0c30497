import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import type { LabelPolicies } from '../../../../src/contracts/label-policy.ts';
import type { Contour, PatientContour, StructureSet } from '../../../../src/imaging/contour/structure-set.ts';
import { add, norm, scale, subtract, type Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import type { VolumeGeometry } from '../../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../../../../src/imaging/mask/label-map.ts';
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
  targetOf,
  voxelsWhere,
} from '../../../helpers/imaging-phantom.ts';

const POLICIES: LabelPolicies = {
  unmapped: 'report',
  missing: 'review',
  overlap: 'later-wins',
  gaps: 'review',
};
const GRID = centredGrid([32, 32, 9], [1, 1, 2], [1, 0, 0], [0, 1, 0]);
type Points = readonly (readonly [number, number])[];
const SQUARE: Points = [
  [4.5, 4.5],
  [14.5, 4.5],
  [14.5, 14.5],
  [4.5, 14.5],
];

interface Case {
  readonly geometry?: VolumeGeometry;
  readonly set: StructureSet;
  readonly map: string;
  readonly policies?: Partial<LabelPolicies>;
  readonly interpolateUpToMm?: number;
}

function build({ geometry = GRID, set, map, policies = {}, ...options }: Case) {
  return buildMask({
    target: targetOf(geometry),
    regions: contourRegions(set),
    labelMap: parseLabelMap(map),
    policies: { ...POLICIES, ...policies },
    ...options,
  });
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

/** The same ring on a run of slices. */
function column3d(points: Points, from: number, to: number, geometry = GRID): PatientContour[] {
  return Array.from({ length: to - from + 1 }, (_, n) => contourOnSlice(geometry, from + n, points));
}

function move(points: Points, x: number, y: number): Points {
  return points.map(([a, b]) => [a + x, b + y] as const);
}

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

describe('buildMask and label maps', () => {
  const two = structureSet({ A: column3d(SQUARE, 2, 3), B: column3d(move(SQUARE, 5, 0), 2, 3) });

  it('gives overlapping voxels to the later line and counts them', () => {
    const mask = build({ set: two, map: 'A=5\nB=3' });
    expect(mask.overlaps).toEqual([{ lost: 'A', won: 'B', voxels: 100 }]);
    expect(mask.regions.map(({ name, voxels, voxelsDrawn }) => [name, voxels, voxelsDrawn])).toEqual([
      ['A', 100, 200],
      ['B', 200, 200],
    ]);
    const reversed = build({ set: two, map: 'B=3\nA=5' });
    expect(reversed.overlaps).toEqual([{ lost: 'B', won: 'A', voxels: 100 }]);
  });

  it('can refuse overlaps', () => {
    expect(codeOf(() => build({ set: two, map: 'A=1\nB=2', policies: { overlap: 'fail' } }))).toBe(
      'OverlappingRegions',
    );
  });

  it('joins regions that share a value by union and counts common voxels once', () => {
    const mask = build({ set: two, map: 'A=4\nB=4' });
    expect(mask.regions).toMatchObject([
      { name: 'A', value: 4, roiNumbers: [1, 2], voxels: 300, voxelsDrawn: 300 },
    ]);
    expect(mask.regions[0]?.volumeMlContours).toBeCloseTo(0.6, 9);
    expect(mask.overlaps).toEqual([]);
    expect(mask.warnings).toEqual([]);
  });

  it('reports, refuses or ignores regions without an entry', () => {
    expect(build({ set: two, map: 'A=1' }).unmapped).toEqual([{ number: 2, name: 'B' }]);
    expect(build({ set: two, map: 'A=1', policies: { unmapped: 'ignore' } }).unmapped).toEqual([]);
    expect(codeOf(() => build({ set: two, map: 'A=1', policies: { unmapped: 'fail' } }))).toBe(
      'UnmappedRegion',
    );
    const ignoring = JSON.stringify({ schemaVersion: 1, regions: [{ name: 'A', value: 1 }], ignore: ['b'] });
    expect(build({ set: two, map: ignoring, policies: { unmapped: 'fail' } }).unmapped).toEqual([]);
  });

  it('lists mapped regions that nobody drew, once per value and under the first name', () => {
    const mask = build({ set: two, map: 'A=1\nB=2\nC=3\nD=3\nE=1' });
    expect(mask.missing).toEqual([{ name: 'C', value: 3 }]);
  });

  it('joins ROIs of equal name and asks for review', () => {
    const rois = two.rois.map((roi, index) => ({
      ...roi,
      name: index === 0 ? 'Liver' : ' LIVER',
      colour: [1, 2, 3] as const,
    }));
    const mask = build({ set: { ...two, rois }, map: 'Liver=1' });
    expect(mask.regions).toMatchObject([{ voxels: 300, colour: [1, 2, 3] }]);
    expect(mask.warnings).toMatchObject([{ code: 'MergedRois', needsReview: true, region: 'Liver' }]);
  });

  it('asks for review when two spellings are drawn, but not when parts are fused on purpose', () => {
    const map = (member: string) =>
      JSON.stringify({ schemaVersion: 1, regions: [{ name: 'A', value: 1, [member]: ['B'] }] });
    expect(build({ set: two, map: map('synonyms') }).warnings).toMatchObject([
      { code: 'AmbiguousSynonyms', needsReview: true },
    ]);
    const parts = JSON.stringify({
      schemaVersion: 1,
      regions: [{ name: 'Both', value: 1, fuse: ['A', 'B'] }],
    });
    expect(build({ set: two, map: parts }).warnings).toEqual([]);
  });
});

describe('buildMask and references', () => {
  const contours = column3d(SQUARE, 2, 3);

  it('rejects contours of another series', () => {
    const set = { ...structureSet({ A: contours.map(withoutImage) }), referencedSeriesUids: ['1.2.3'] };
    expect(codeOf(() => build({ set, map: 'A=1' }))).toBe('ReferencedSeriesMissing');
  });

  it('accepts a wrong series reference when every contour names an image of the volume', () => {
    const set = { ...structureSet({ A: contours }), referencedSeriesUids: ['1.2.3'] };
    expect(build({ set, map: 'A=1' }).regions[0]?.voxels).toBe(200);
  });

  it('rejects contours that name no image of the volume, or one too few', () => {
    const elsewhere = contours.map((contour) => ({ ...contour, sopInstanceUid: '1.2.3' }));
    expect(codeOf(() => build({ set: structureSet({ A: elsewhere }), map: 'A=1' }))).toBe(
      'ReferencedImageMissing',
    );
    const [first] = contours as [PatientContour];
    const partly = structureSet({ A: [first, ...elsewhere.slice(1)] });
    expect(codeOf(() => build({ set: partly, map: 'A=1' }))).toBe('ReferencedImageMissing');
  });

  it('tells frames of one instance apart', () => {
    const target = targetOf(GRID);
    const slices = target.slices.map(({ k }) => ({ k, sopInstanceUid: 'one', frame: k + 1 }));
    const onFrame = (frame: number, k: number) =>
      buildMask({
        target: { ...target, slices },
        regions: contourRegions(
          structureSet({ A: [{ ...contourOnSlice(GRID, k, SQUARE), sopInstanceUid: 'one', frame }] }),
        ),
        policies: POLICIES,
      });
    expect(onFrame(3, 2).labels.indexOf(1)).toBe(2 * 1024 + 5 * 32 + 5);
    expect(codeOf(() => onFrame(4, 2))).toBe('ContourOffPlane');
    expect(codeOf(() => onFrame(30, 2))).toBe('ReferencedImageMissing');
  });

  it('rejects another frame of reference, unless every contour names an image of the volume', () => {
    const foreign = { frameOfReferenceUid: '1.2.3' };
    const anonymous = { ...structureSet({ A: contours.map(withoutImage) }), ...foreign };
    expect(codeOf(() => build({ set: anonymous, map: 'A=1' }))).toBe('FrameOfReferenceMismatch');
    const named = build({ set: { ...structureSet({ A: contours }), ...foreign }, map: 'A=1' });
    expect(named.warnings).toMatchObject([{ code: 'FrameOfReferenceDiffers', needsReview: false }]);
  });

  it('holds each drawn region to its own frame of reference', () => {
    const [one, two] = [column3d(SQUARE, 2, 3), column3d(SQUARE, 5, 6)];
    const build2 = (a: PatientContour[], b: PatientContour[], frames: Partial<Record<number, string>>) => {
      const set = structureSet({ A: a, B: b });
      const rois = set.rois.map((roi) => {
        const frameOfReferenceUid = frames[roi.number];
        return frameOfReferenceUid === undefined ? roi : { ...roi, frameOfReferenceUid };
      });
      return (map: string) => build({ set: { ...set, rois }, map });
    };
    const foreign = build2(one, two.map(withoutImage), { 2: '1.2.3' });
    expect(codeOf(() => foreign('A=1\nB=2'))).toBe('FrameOfReferenceMismatch');
    expect(foreign('A=1').warnings).toEqual([]);
    // What one region names says nothing about the other; its own images do.
    expect(codeOf(() => build2(one, two, { 2: '1.2.3' })('A=1\nB=2'))).toBe('no error');
    expect(build2(one, two, { 1: '1.2.3', 2: '1.2.4' })('A=1\nB=2').warnings).toMatchObject([
      { code: 'FrameOfReferenceDiffers', details: { contours: '1.2.3' } },
      { code: 'FrameOfReferenceDiffers', details: { contours: '1.2.4' } },
    ]);
    // The file's is that of another series, but the region says itself that it is not.
    const set = { ...structureSet({ A: one.map(withoutImage) }), frameOfReferenceUid: '1.2.3' };
    const rois = set.rois.map((roi) => ({
      ...roi,
      frameOfReferenceUid: targetOf(GRID).frameOfReferenceUid ?? '',
    }));
    expect(build({ set: { ...set, rois }, map: 'A=1' }).warnings).toEqual([]);
  });

  it('does not look at contours of regions that the map leaves out', () => {
    const bad = contours.map((contour) => ({ ...contour, sopInstanceUid: '1.2.3' }));
    expect(build({ set: structureSet({ A: contours, Couch: bad }), map: 'A=1' }).regions).toHaveLength(1);
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

function withoutImage({ geometricType, pointsLps }: PatientContour): PatientContour {
  return { geometricType, pointsLps };
}
