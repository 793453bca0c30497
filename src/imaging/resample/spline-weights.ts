import { type AxisWeights, collectWeights, ROUNDING } from './axis-weights.ts';

/** Cubic B-spline: one pole, and how many samples either side still weigh more than 1e-8 of the middle one. */
const POLE = Math.sqrt(3) - 2;
const SPLINE_REACH = 14;

/**
 * Cubic B-spline through the samples, mirrored at the outermost centres, at the target's centre.
 *
 * The coefficients of the spline are themselves weighted samples with weights that fall by 0.27 from one to the next,
 * so that both steps are one table; what lies beyond {@link SPLINE_REACH} samples is left out.
 */
export function splineWeights(sourceSize: number, targetSize: number, ratio: number): AxisWeights {
  return collectWeights(targetSize, (target) => {
    const centre = Math.min(sourceSize - 0.5, Math.max(-0.5, (target + 0.5) * ratio - 0.5));
    const nearest = Math.round(centre);
    if (Math.abs(centre - nearest) <= ROUNDING) return { start: nearest, weights: [1] };
    const first = Math.floor(centre) - SPLINE_REACH;
    const weights = Array.from({ length: 2 * SPLINE_REACH + 2 }, (_, n) =>
      cardinalSpline(centre - first - n),
    );
    return foldIntoSource(first, weights, sourceSize);
  });
}

/** Weight of a sample at a distance: the B-spline filtered so that it is 1 at 0 and 0 at every other integer. */
function cardinalSpline(distance: number): number {
  const first = Math.floor(distance) - 1;
  let sum = 0;
  for (let n = first; n < first + 4; n++) sum += POLE ** Math.abs(n) * cubicSpline(distance - n);
  return ((-6 * POLE) / (1 - POLE * POLE)) * sum;
}

function cubicSpline(distance: number): number {
  const at = Math.abs(distance);
  if (at >= 2) return 0;
  return at >= 1 ? (2 - at) ** 3 / 6 : 2 / 3 - at * at + (at * at * at) / 2;
}

/** Samples beyond the ends are those at the same distance inside; the weights then add up to 1. */
function foldIntoSource(first: number, weights: readonly number[], size: number) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const period = Math.max(1, 2 * size - 2);
  const folded = new Map<number, number>();
  weights.forEach((weight, n) => {
    const turned = (((first + n) % period) + period) % period;
    const at = Math.min(turned, period - turned);
    folded.set(at, (folded.get(at) ?? 0) + weight / total);
  });
  const start = Math.min(...folded.keys());
  const end = Math.max(...folded.keys());
  return { start, weights: Array.from({ length: end - start + 1 }, (_, n) => folded.get(start + n) ?? 0) };
}
