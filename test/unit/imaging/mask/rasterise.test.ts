import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { arrangePlane, MAX_CONTOURS_PER_PLANE } from '../../../../src/imaging/mask/arrange-plane.ts';
import { enclosedArea, type Polygon, ringKey, toPolygon } from '../../../../src/imaging/mask/polygon.ts';
import { insideGroups, prepareLookup } from '../../../../src/imaging/mask/polygon-lookup.ts';
import { relatePolygons } from '../../../../src/imaging/mask/polygon-relation.ts';
import { Rasteriser } from '../../../../src/imaging/mask/rasterise.ts';
import { SliceRuns } from '../../../../src/imaging/mask/slice-runs.ts';
import { insidePolygon, polygonPoints } from '../../../helpers/imaging-phantom.ts';

type Points = readonly (readonly [number, number])[];
const [COLUMNS, ROWS] = [24, 20];

function polygon(points: Points): Polygon {
  return toPolygon(points.flat());
}

function draw(groups: readonly (readonly Polygon[])[]): string[] {
  const runs = new SliceRuns(COLUMNS, ROWS);
  new Rasteriser(COLUMNS, ROWS).draw(runs, groups);
  const bits = new Uint8Array(COLUMNS * ROWS);
  runs.mark(bits, 1);
  return Array.from({ length: ROWS }, (_, row) => bits.subarray(row * COLUMNS, (row + 1) * COLUMNS).join(''));
}

function drawByTest(inside: (x: number, y: number) => boolean): string[] {
  return Array.from({ length: ROWS }, (_, y) =>
    Array.from({ length: COLUMNS }, (_, x) => (inside(x, y) ? 1 : 0)).join(''),
  );
}

/** Coordinates that never hit a voxel centre or an edge through one, so that no tie is at stake. */
const coordinate = fc
  .double({ min: -6, max: 30, noNaN: true })
  .map((value) => Math.round(value * 1000) / 1000 + 0.000437);
const points = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 20 });

describe('the rasteriser', () => {
  it('agrees with a point-in-polygon test for any polygon, crossing itself or not', () => {
    fc.assert(
      fc.property(points, (ring) => {
        expect(draw([[polygon(ring)]])).toEqual(drawByTest((x, y) => insidePolygon(ring, x, y)));
      }),
      { numRuns: 500 },
    );
  });

  it('takes parity between groups and union within a group', () => {
    fc.assert(
      fc.property(points, points, points, (a, b, c) => {
        const expected = drawByTest(
          (x, y) => (insidePolygon(a, x, y) || insidePolygon(b, x, y)) !== insidePolygon(c, x, y),
        );
        expect(draw([[polygon(a), polygon(b)], [polygon(c)]])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('gives edges through voxel centres to the region on their right and below, once', () => {
    const left: Points = [
      [2, 3],
      [7, 3],
      [7, 9],
      [2, 9],
    ];
    const right: Points = [
      [7, 3],
      [12, 3],
      [12, 9],
      [7, 9],
    ];
    expect(draw([[polygon(left)]])).toEqual(drawByTest((x, y) => x >= 2 && x < 7 && y >= 3 && y < 9));
    expect(draw([[polygon(left)], [polygon(right)]])).toEqual(
      drawByTest((x, y) => x >= 2 && x < 12 && y >= 3 && y < 9),
    );
  });

  it('decides ties after rounding to a millionth of a pixel', () => {
    const nudged: Points = [
      [2 + 3e-7, 3 - 4e-7],
      [7 - 3e-7, 3],
      [7 + 2e-7, 9],
      [2, 9 - 4e-7],
    ];
    expect(draw([[polygon(nudged)]])).toEqual(drawByTest((x, y) => x >= 2 && x < 7 && y >= 3 && y < 9));
  });

  it('gives neighbours that share a slanted edge every voxel exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 22 }), fc.integer({ min: 1, max: 22 }), (top, bottom) => {
        const left = polygon([
          [0, 0],
          [top, 0],
          [bottom, 19],
          [0, 19],
        ]);
        const right = polygon([
          [top, 0],
          [23, 0],
          [23, 19],
          [bottom, 19],
        ]);
        expect(draw([[left], [right]])).toEqual(drawByTest((x, y) => x < 23 && y < 19));
      }),
    );
  });

  it('cuts off what lies outside the image', () => {
    const large: Points = [
      [-50, -50],
      [50, -50],
      [50, 50],
      [-50, 50],
    ];
    expect(draw([[polygon(large)]])).toEqual(drawByTest(() => true));
    const aside: Points = [
      [30, 2],
      [40, 2],
      [40, 9],
      [30, 9],
    ];
    expect(draw([[polygon(aside)]])).toEqual(drawByTest(() => false));
  });

  it('describes each row once: ascending runs, none empty, none touching', () => {
    fc.assert(
      fc.property(points, points, points, (a, b, c) => {
        const runs = new SliceRuns(COLUMNS, ROWS);
        const rasteriser = new Rasteriser(COLUMNS, ROWS);
        rasteriser.draw(runs, [[polygon(c)]]);
        rasteriser.draw(runs, [[polygon(a), polygon(b)], [polygon(c)]]);
        const bounds = runs.bounds.subarray(0, runs.length);
        bounds.forEach((bound, at) => {
          if (at > 0) expect(bound - (at % 2)).toBeGreaterThanOrEqual(bounds[at - 1] as number);
          const touches = at % 2 === 0 && at > 0 && bound === bounds[at - 1];
          if (touches) expect(bound % COLUMNS).toBe(0);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('draws an outline that winds to and fro more often than a row has voxels', () => {
    const [a, b, c] = [[3.0004, 1.0004] as const, [9.0004, 18.3] as const, [20.3, 10.2] as const];
    // An odd number of times from one corner to the next is once.
    const teeth: Points = [...Array.from({ length: 3000 }, (_, n) => (n % 2 === 0 ? a : b)), c];
    const expected = drawByTest((x, y) => insidePolygon([a, b, c], x, y));
    expect(expected.join('')).toContain('1');
    expect(draw([[polygon(teeth)]])).toEqual(expected);
  });
});

describe('insideGroups', () => {
  it('answers as the rasteriser does at voxel centres', () => {
    fc.assert(
      fc.property(points, points, (a, b) => {
        const groups = [[polygon(a)], [polygon(b)]];
        const lookups = groups.map((group) => group.map(prepareLookup));
        expect(drawByTest((x, y) => insideGroups(lookups, x, y))).toEqual(draw(groups));
      }),
      { numRuns: 200 },
    );
  });

  it('gives shared edges to one side, as the rasteriser does', () => {
    const groups = [
      [
        polygon([
          [2, 3],
          [7, 3],
          [7, 9],
          [2, 9],
        ]),
      ],
    ];
    const lookups = groups.map((group) => group.map(prepareLookup));
    expect(drawByTest((x, y) => insideGroups(lookups, x, y))).toEqual(draw(groups));
  });
});

describe('relatePolygons', () => {
  const square = (x: number, y: number, side: number) =>
    polygon([
      [x, y],
      [x + side, y],
      [x + side, y + side],
      [x, y + side],
    ]);
  it.each([
    { name: 'far apart', a: square(0, 0, 4), b: square(10, 10, 4), relation: 'apart' },
    { name: 'side by side', a: square(0, 0, 4), b: square(4, 0, 4), relation: 'apart' },
    { name: 'overlapping by a hair', a: square(0, 0, 4), b: square(3.99, 0, 4), relation: 'touching' },
    { name: 'a hole', a: square(0, 0, 9), b: square(3, 3, 2), relation: 'second-inside' },
    { name: 'a hole at the edge', a: square(0, 0, 9), b: square(0, 3, 2), relation: 'second-inside' },
    {
      name: 'a hole out by the rounding of a file',
      a: square(0, 0, 9),
      b: square(-0.01, 3, 2),
      relation: 'second-inside',
    },
    { name: 'inside the other', a: square(3, 3, 2), b: square(0, 0, 9), relation: 'first-inside' },
    {
      name: 'out by a hair of the other',
      a: square(-0.01, 3, 2),
      b: square(0, 0, 9),
      relation: 'first-inside',
    },
    { name: 'a thin wall', a: square(0, 0, 100), b: square(0.1, 0.1, 99.8), relation: 'second-inside' },
    { name: 'crossing', a: square(0, 0, 9), b: square(5, 5, 9), relation: 'crossing' },
    {
      name: 'a cross',
      a: polygon([
        [0, 4],
        [12, 4],
        [12, 6],
        [0, 6],
      ]),
      b: polygon([
        [4, 0],
        [6, 0],
        [6, 12],
        [4, 12],
      ]),
      relation: 'crossing',
    },
    {
      name: 'the same but for the last decimal of a file',
      a: square(0, 0, 9),
      b: square(0.000001, 0, 8.999999),
      relation: 'crossing',
    },
    { name: 'the same', a: square(0, 0, 9), b: square(0, 0, 9), relation: 'crossing' },
    {
      name: 'the same drawn twice by hand',
      a: square(0, 0, 9),
      b: square(0.01, -0.01, 9),
      relation: 'crossing',
    },
  ])('sees $name as $relation', ({ a, b, relation }) => {
    expect(relatePolygons(a, b)).toBe(relation);
  });
});

describe('arrangePlane', () => {
  const square = (x: number, y: number, side: number): Points => [
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side],
  ];
  const contour = (points: Points, xor = false) => ({ polygon: polygon(points), xor });
  const circle = (x: number, y: number, radius: number, xor = false) =>
    contour(polygonPoints([x, y], radius), xor);

  it('counts nested rings, holes and islands by even-odd area', () => {
    const plane = arrangePlane([
      circle(50, 50, 40),
      circle(50, 50, 20),
      circle(50, 50, 10),
      circle(150, 50, 5),
    ]);
    expect(plane.groups).toHaveLength(4);
    expect(plane.areaPx / Math.PI).toBeCloseTo(40 ** 2 - 20 ** 2 + 10 ** 2 + 5 ** 2, -0.5);
    expect(plane.parityAreaPx).toBeUndefined();
  });

  it('counts a contour once, however often, from wherever and in whichever direction it is drawn', () => {
    const ring = polygonPoints([10, 10], 6, 12);
    const again = [...ring.slice(5), ...ring.slice(0, 5)].toReversed();
    const plane = arrangePlane([
      contour(ring),
      contour(again),
      contour([...ring, ring[0] as readonly [number, number]]),
    ]);
    expect(plane).toMatchObject({ duplicates: 2, groups: [expect.anything()] });
  });

  it('joins partly crossing contours and states both areas', () => {
    const plane = arrangePlane([
      contour([
        [0, 0],
        [10, 0],
        [10, 10],
        [0, 10],
      ]),
      contour([
        [5, 5],
        [15, 5],
        [15, 15],
        [5, 15],
      ]),
    ]);
    expect(plane.groups).toHaveLength(1);
    expect(plane.areaPx).toBeCloseTo(175, 0);
    expect(plane.parityAreaPx).toBeCloseTo(150, 0);
  });

  it('keeps a hole in crossing contours', () => {
    const plane = arrangePlane([circle(50, 50, 20), circle(75, 50, 20), circle(45, 50, 5)]);
    expect(plane.groups.map((group) => group.length).sort()).toEqual([1, 2]);
  });

  it('never joins XOR contours', () => {
    const plane = arrangePlane([circle(50, 50, 20, true), circle(75, 50, 20, true)]);
    expect(plane.groups).toHaveLength(2);
  });

  it('measures XOR contours by what belongs to one of them only', () => {
    const [a, b, hole] = [square(0, 0, 10), square(5, 0, 10), square(1, 1, 3)];
    const exclusive = (...rings: Points[]) => arrangePlane(rings.map((ring) => contour(ring, true))).areaPx;
    expect(exclusive(a, b)).toBeCloseTo(100, 6);
    expect(exclusive(a, b, hole)).toBeCloseTo(91, 6);
    expect(exclusive(a, square(20, 0, 10))).toBeCloseTo(200, 6);
    expect(arrangePlane([contour(a), contour(b, true)]).areaPx).toBeCloseTo(100, 6);
  });

  it('joins touching pieces without calling them crossing', () => {
    const plane = arrangePlane([
      contour([
        [0, 0],
        [10, 0],
        [10, 10],
        [0, 10],
      ]),
      contour([
        [9.99, 0],
        [20, 0],
        [20, 10],
        [9.99, 10],
      ]),
    ]);
    expect(plane.groups).toHaveLength(1);
    expect(plane.areaPx).toBeCloseTo(200, 1);
    expect(plane.parityAreaPx).toBeUndefined();
  });

  it('refuses a plane of more outlines than a drawing has', () => {
    const many = new Array(MAX_CONTOURS_PER_PLANE + 1).fill(circle(5, 5, 2));
    expect(() => arrangePlane(many)).toThrow(`${MAX_CONTOURS_PER_PLANE + 1} contours`);
  });
});

describe('polygons', () => {
  it('drop repeated points and the closing one', () => {
    expect(Array.from(toPolygon([1, 1, 1, 1, 5, 1, 5, 5, 1, 1]))).toEqual([1, 1, 5, 1, 5, 5]);
  });

  it('have an area that does not depend on the start', () => {
    expect(enclosedArea(toPolygon([0, 0, 4, 0, 4, 3]))).toBe(6);
    expect(ringKey(toPolygon([0, 0, 4, 0, 4, 3]))).toBe(ringKey(toPolygon([4, 3, 4, 0, 0, 0])));
    expect(ringKey(toPolygon([]))).toBe('');
  });
});
