import { describe, expect, it } from '@jest/globals';
import { acquisitionNamed } from '../../truth/acquisition.ts';
import { insideCurve } from '../../truth/curves.ts';
import { shapesOf } from '../../truth/shapes.ts';

/** Van der Corput's sequence: even without a pattern, and the same every time. */
function radical(n: number, base: number): number {
  let [value, share, rest] = [0, 1 / base, n];
  for (; rest > 0; rest = Math.floor(rest / base), share /= base) value += (rest % base) * share;
  return value;
}

const HEIGHTS = Array.from({ length: 24 }, (_, n) => 60 * (radical(n, 5) - 0.5));
const POINTS = Array.from({ length: 200 }, (_, n) => [
  100 * (radical(n, 2) - 0.5),
  100 * (radical(n, 3) - 0.5),
]) as [number, number][];

describe('the shapes that prove the rasteriser', () => {
  const shapes = shapesOf(acquisitionNamed('axial')).filter(({ boundToSlices }) => boundToSlices !== true);

  it.each(shapes)('$name: its contours enclose exactly its points', (shape) => {
    const united = shape.name === 'crossing' || shape.name === 'duplicated';
    const wrong = HEIGHTS.flatMap((w) => {
      const curves = shape.sections(w);
      return POINTS.filter(([u, v]) => {
        const hits = curves.filter((curve) => insideCurve(curve, u, v)).length;
        return (united ? hits > 0 : hits % 2 === 1) !== shape.inside(u, v, w);
      });
    });
    expect(HEIGHTS.some((w) => shape.sections(w).length > 0)).toBe(true);
    // A chord leaves its arc by a thousandth of a pixel: of 4800 points hardly one lies in between.
    expect(wrong.length).toBeLessThanOrEqual(1);
  });
});
