import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { enclosedArea, type Polygon, toPolygon } from '../../../../src/imaging/mask/polygon.ts';
import { crossesItself, polygonArea } from '../../../../src/imaging/mask/polygon-area.ts';
import { combinedArea } from '../../../../src/imaging/mask/scan-lines.ts';
import { polygonPoints } from '../../../helpers/imaging-phantom.ts';

type Points = readonly (readonly [number, number])[];

function polygon(points: Points): Polygon {
  return toPolygon(points.flat());
}

/** Two triangles that meet in the middle, drawn in one go: one turns left, the other right. */
const BOW_TIE: Points = [
  [2, 2],
  [12, 12],
  [12, 2],
  [2, 12],
];

/** Even-odd area by very many lines. */
function denseArea(outline: Polygon): number {
  const ys = outline.filter((_, at) => at % 2 === 1);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  return combinedArea([outline], [0], { from: low, step: (high - low) / 4000, count: 4000 });
}

describe('polygonArea', () => {
  it('adds the lobes of an outline that crosses itself', () => {
    expect(enclosedArea(polygon(BOW_TIE))).toBe(0);
    expect(polygonArea(polygon(BOW_TIE))).toBeCloseTo(50, 1);
    const turned = BOW_TIE.map(([x, y]) => [y, x] as const);
    expect(polygonArea(polygon(turned))).toBeCloseTo(50, 1);
  });

  it('leaves out what an outline winds round twice, as the voxels do', () => {
    const star = [0, 2, 4, 1, 3].map(
      (tip) => polygonPoints([20, 20], 10, 5)[tip] as readonly [number, number],
    );
    // A pentagram of circumradius R covers 1.12257 R2, its inner pentagon 0.34695 R2 of that.
    expect(polygonArea(polygon(star)) / 100).toBeCloseTo(1.12257 - 0.34695, 2);
  });

  it('is that of the vertices for an outline that does not cross itself, to a thousandth for a keyhole', () => {
    const circle = polygonPoints([30, 30], 20);
    const hole = polygonPoints([30, 30], 8).toReversed();
    const keyhole = polygon([
      ...circle,
      circle[0] as (typeof circle)[0],
      ...hole,
      hole[0] as (typeof hole)[0],
    ]);
    expect(polygonArea(polygon(circle))).toBe(enclosedArea(polygon(circle)));
    expect(Math.abs(polygonArea(keyhole) / enclosedArea(keyhole) - 1)).toBeLessThan(1e-3);
  });

  it('measures an outline that turns round on one of its own edges', () => {
    const through: Points = [
      [16, 4],
      [20, 4],
      [8, 20],
      [16, 16],
      [20, 4],
      [0, 4],
      [16, 4],
      [8, 16],
      [8, 12],
    ];
    expect(Math.abs(polygonArea(polygon(through)) - denseArea(polygon(through)))).toBeLessThan(0.2);
  });

  it.each([
    ['anywhere', fc.double({ min: 0, max: 20, noNaN: true })],
    [
      'on a coarse grid, so that vertices lie on edges and edges on each other',
      fc.integer({ min: 0, max: 5 }).map((n) => 4 * n),
    ],
  ])('is the even-odd area of any polygon with vertices %s', (_, coordinate) => {
    const points = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(points, (ring) => {
        const outline = polygon(ring);
        if (outline.length < 6) return;
        expect(Math.abs(polygonArea(outline) - denseArea(outline))).toBeLessThan(1.5);
      }),
      { numRuns: 400 },
    );
  });

  it('does not depend on where the outline starts or which way it turns', () => {
    const coordinate = fc.double({ min: 0, max: 20, noNaN: true });
    const points = fc.array(fc.tuple(coordinate, coordinate), { minLength: 4, maxLength: 10 });
    fc.assert(
      fc.property(points, fc.nat(9), (ring, start) => {
        const from = start % ring.length;
        const turned = [...ring.slice(from), ...ring.slice(0, from)].toReversed();
        expect(polygonArea(polygon(turned))).toBeCloseTo(polygonArea(polygon(ring)), 6);
      }),
      { numRuns: 200 },
    );
  });

  it('falls back on scan lines where an outline has more turns than are worth comparing', () => {
    const comb: Points = [
      ...Array.from({ length: 400 }, (_, n) => [n / 10, n % 2 === 0 ? 0 : 10] as const),
      [39.9, -5],
      [0, -5],
    ];
    expect(crossesItself(polygon(comb))).toBe(true);
    expect(polygonArea(polygon(comb)) / enclosedArea(polygon(comb))).toBeCloseTo(1, 2);
  });
});
