import { boundsOf, enclosedArea, type Polygon } from './polygon.ts';
import { combinedArea, scanLines } from './scan-lines.ts';

/**
 * Area in square pixels that a polygon covers by the even-odd rule, which is the rule voxels are drawn by.
 *
 * Exact by its vertices, unless the outline crosses itself: then lobes of opposite turn would cancel, and the area is
 * summed over scan lines.
 */
export function polygonArea(polygon: Polygon): number {
  if (!crossesItself(polygon)) return enclosedArea(polygon);
  const { minY, maxY } = boundsOf(polygon);
  return maxY > minY ? combinedArea([polygon], [0], scanLines(minY, maxY)) : 0;
}

/** A stretch of the outline along which the height grows or falls all the way, by its vertices in ascending height. */
interface Chain {
  readonly bottom: number;
  readonly top: number;
  /** From one vertex to the next higher one. */
  readonly step: 1 | -1;
  readonly minX: number;
  readonly maxX: number;
}

/**
 * Heights are measured along an axis a little off the rows: edges along rows and columns, which people and programs draw,
 * then have a lower and an upper end like all others.
 */
const SHEAR = 0.0137;
/** Outlines of more chains are not compared chain by chain; scan lines do for them. */
const MAX_CHAINS = 128;
/** Two stretches closer than this run along each other, as the two sides of a keyhole's channel do; in pixels. */
const SAME_PLACE = 1e-6;

/**
 * Whether a polygon's outline may cross itself. Outlines that run along themselves do not; one that turns round exactly on
 * another of its edges counts as crossing, because it may leave on either side.
 */
export function crossesItself(polygon: Polygon): boolean {
  if (polygon.length < 8 || turnsOnceRoundItsMiddle(polygon)) return false;
  const ring = unroll(polygon);
  const chains = splitIntoChains(ring);
  if (chains.length > MAX_CHAINS) return true;
  for (let a = 0; a < chains.length; a++) {
    for (let b = a + 1; b < chains.length; b++) {
      if (chainsCross(chains[a] as Chain, chains[b] as Chain, ring)) return true;
    }
  }
  return false;
}

/** Most drawn outlines, which cannot cross themselves then: every edge goes on in one direction round the mean vertex. */
function turnsOnceRoundItsMiddle(polygon: Polygon): boolean {
  let middleX = 0;
  let middleY = 0;
  for (let at = 0; at < polygon.length; at += 2) {
    middleX += polygon[at] as number;
    middleY += polygon[at + 1] as number;
  }
  middleX /= polygon.length / 2;
  middleY /= polygon.length / 2;
  let x0 = (polygon[polygon.length - 2] as number) - middleX;
  let y0 = (polygon[polygon.length - 1] as number) - middleY;
  let left = 0;
  let right = 0;
  let upwards = 0;
  for (let at = 0; at < polygon.length; at += 2) {
    const x1 = (polygon[at] as number) - middleX;
    const y1 = (polygon[at + 1] as number) - middleY;
    const turn = x0 * y1 - x1 * y0;
    if (turn > SAME_PLACE) left++;
    else if (turn < -SAME_PLACE) right++;
    if (y0 < 0 && y1 >= 0) upwards++;
    x0 = x1;
    y0 = y1;
  }
  return Math.max(left, right) === polygon.length / 2 && upwards === 1;
}

/** Vertices from the lowest round to the lowest again, so that no chain runs over the end. */
interface Ring {
  readonly xs: Float64Array;
  readonly heights: Float64Array;
}

function unroll(polygon: Polygon): Ring {
  const count = polygon.length / 2;
  const heightOf = (n: number) => (polygon[2 * n + 1] as number) + SHEAR * (polygon[2 * n] as number);
  let lowest = 0;
  for (let n = 1; n < count; n++) if (heightOf(n) < heightOf(lowest)) lowest = n;
  const [xs, heights] = [new Float64Array(count + 1), new Float64Array(count + 1)];
  for (let n = 0, from = lowest; n <= count; n++, from = from + 1 === count ? 0 : from + 1) {
    xs[n] = polygon[2 * from] as number;
    heights[n] = heightOf(from);
  }
  return { xs, heights };
}

function splitIntoChains({ xs, heights }: Ring): Chain[] {
  const last = heights.length - 1;
  const chains: Chain[] = [];
  for (let from = 0; from < last && chains.length <= MAX_CHAINS; ) {
    const rises = (heights[from + 1] as number) >= (heights[from] as number);
    let [minX, maxX] = [xs[from] as number, xs[from] as number];
    let to = from;
    do {
      const x = xs[++to] as number;
      if (x < minX) minX = x;
      if (x > maxX) maxX = x;
    } while (to < last && (heights[to + 1] as number) >= (heights[to] as number) === rises);
    chains.push({
      ...(rises ? { bottom: from, top: to } : { bottom: to, top: from }),
      step: rises ? 1 : -1,
      minX,
      maxX,
    });
    from = to;
  }
  return chains;
}

/** Walks up both chains at once: they cross where the left one becomes the right one, or one ends on the other. */
function chainsCross(a: Chain, b: Chain, { xs, heights }: Ring): boolean {
  if (a.minX > b.maxX || b.minX > a.maxX) return false;
  const top = Math.min(heights[a.top] as number, heights[b.top] as number);
  const bottom = Math.max(heights[a.bottom] as number, heights[b.bottom] as number);
  const joined = { top: samePoint(a.top, b.top, heights), bottom: samePoint(a.bottom, b.bottom, heights) };
  let [atA, atB] = [a.bottom, b.bottom];
  let [height, side] = [bottom, 0];
  while (height <= top) {
    // The edges that reach from below this height to it or beyond.
    while (atA !== a.top && (heights[atA + a.step] as number) < height) atA += a.step;
    while (atB !== b.top && (heights[atB + b.step] as number) < height) atB += b.step;
    const difference = xAt(xs, heights, atA, a, height) - xAt(xs, heights, atB, b, height);
    if (Math.abs(difference) > SAME_PLACE) {
      if (difference * side < 0) return true;
      side = difference;
    } else if ((height === bottom && !joined.bottom) || (height === top && !joined.top)) return true;
    if (height === top) return false;
    height = Math.min(nextAbove(heights, atA, a, height), nextAbove(heights, atB, b, height), top);
  }
  return false;
}

/** The first and the last vertex of a ring are one. */
function samePoint(a: number, b: number, { length }: Float64Array): boolean {
  return a % (length - 1) === b % (length - 1);
}

function nextAbove(heights: Float64Array, at: number, { top, step }: Chain, height: number): number {
  for (let next = at; next !== top; ) {
    next += step;
    if ((heights[next] as number) > height) return heights[next] as number;
  }
  return Number.POSITIVE_INFINITY;
}

function xAt(
  xs: Float64Array,
  heights: Float64Array,
  at: number,
  { top, step }: Chain,
  height: number,
): number {
  const from = xs[at] as number;
  if (at === top) return from;
  const [low, high] = [heights[at] as number, heights[at + step] as number];
  return high > low ? from + (((xs[at + step] as number) - from) * (height - low)) / (high - low) : from;
}
