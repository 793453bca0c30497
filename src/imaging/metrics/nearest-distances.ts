import type { Vec3 } from '../geometry/vector.ts';

/** Points of a grid as ascending linear indices, i fastest. */
export type GridPoints = Uint32Array;

const NONE = 65535;
/** Rows looked at on either side before the whole plane is worked out: surfaces mostly lie close to each other. */
const NEAR_ROWS = 12;

/**
 * Exact Euclidean distance from each point to the nearest of the others, in mm.
 *
 * The nearest point of every row is found first. Where the rows around a query hold one that nothing beyond them can
 * beat, that is the answer; for the rest, planes are worked out as lower envelopes of parabolas (Felzenszwalb and
 * Huttenlocher, 2012) and compared. Steps are kept as whole voxels, so that the distance itself is computed in double
 * precision.
 *
 * @param sizeIjk - sides of the grid, each below 65,535
 * @param to - at least one point
 * @returns distances in the order of `from`
 */
export function nearestDistances(
  sizeIjk: Vec3,
  spacingMm: Vec3,
  from: GridPoints,
  to: GridPoints,
): Float64Array {
  const stepsI = nearestInRows(sizeIjk, to);
  const distances = Float64Array.from(from, (at) => nearDistance(sizeIjk, spacingMm, stepsI, at));
  const far = from.filter((_, n) => distances[n] === Number.POSITIVE_INFINITY);
  if (far.length === 0) return distances;
  const planes = nearestInPlanes(sizeIjk, spacingMm, stepsI, to);
  const found = acrossPlanes(sizeIjk, spacingMm, planes, far);
  let next = 0;
  return distances.map((distance) =>
    distance === Number.POSITIVE_INFINITY ? (found[next++] as number) : distance,
  );
}

/** Distance to the nearest point when the rows around `at` settle it; infinite otherwise. */
function nearDistance(
  [columns, rows, slices]: Vec3,
  [spacingI, spacingJ, spacingK]: Vec3,
  stepsI: Uint16Array,
  at: number,
): number {
  const row = Math.floor(at / columns);
  const k = Math.floor(row / rows);
  const j = row - k * rows;
  // No row beyond the ones looked at is nearer than this.
  let best = ((NEAR_ROWS + 1) * Math.min(spacingJ, spacingK)) ** 2;
  let found = false;
  for (let n = 0; n <= 2 * NEAR_ROWS; n++) {
    const dk = outwards(n);
    const across = (dk * spacingK) ** 2;
    if (across > best) break;
    if (k + dk < 0 || k + dk >= slices) continue;
    for (let m = 0; m <= 2 * NEAR_ROWS; m++) {
      const dj = outwards(m);
      if (across + (dj * spacingJ) ** 2 > best) break;
      if (j + dj < 0 || j + dj >= rows) continue;
      const step = stepsI[at + (dk * rows + dj) * columns] as number;
      const square = (step * spacingI) ** 2 + (dj * spacingJ) ** 2 + across;
      if (step === NONE || square > best) continue;
      best = square;
      found = true;
    }
  }
  return found ? Math.sqrt(best) : Number.POSITIVE_INFINITY;
}

/** 0, 1, -1, 2, -2 and so on. */
function outwards(n: number): number {
  return n & 1 ? (n + 1) >> 1 : -(n >> 1);
}

/** Steps along i to the nearest point of each row; {@link NONE} in rows without a point. */
function nearestInRows([columns, rows, slices]: Vec3, points: GridPoints): Uint16Array {
  const steps = new Uint16Array(columns * rows * slices).fill(NONE);
  let previous = -1;
  for (const at of points) {
    const row = at - (at % columns);
    const last = previous >= row ? previous : -1;
    const gapStart = last < 0 ? row : last + Math.floor((at - last) / 2) + 1;
    for (let n = gapStart; n < at; n++) steps[n] = at - n;
    if (last < 0 && previous >= 0) fillForward(steps, previous, columns);
    for (let n = last + 1; last >= 0 && n < gapStart; n++) steps[n] = n - last;
    steps[at] = 0;
    previous = at;
  }
  if (previous >= 0) fillForward(steps, previous, columns);
  return steps;
}

/** From the last point of a row to the row's end. */
function fillForward(steps: Uint16Array, point: number, columns: number): void {
  const end = point - (point % columns) + columns;
  for (let n = point + 1; n < end; n++) steps[n] = n - point;
}

interface PlaneSteps {
  readonly i: Uint16Array;
  readonly j: Uint16Array;
  /** 1 for planes that hold a point. */
  readonly holdsPoint: Uint8Array;
}

function nearestInPlanes(
  [columns, rows, slices]: Vec3,
  spacingMm: Vec3,
  rowSteps: Uint16Array,
  points: GridPoints,
): PlaneSteps {
  const j = new Uint16Array(rowSteps.length);
  const holdsPoint = new Uint8Array(slices);
  for (const at of points) holdsPoint[Math.floor(at / (columns * rows))] = 1;
  const scratch = {
    rows: new Int32Array(rows),
    heights: new Float64Array(rows),
    bounds: new Float64Array(rows + 1),
    steps: new Uint16Array(rows),
  };
  const plane = columns * rows;
  for (let k = 0; k < slices; k++) {
    if (holdsPoint[k] === 0) continue;
    const stepsI = rowSteps.subarray(k * plane, (k + 1) * plane);
    nearestInPlane(stepsI, j.subarray(k * plane, (k + 1) * plane), columns, spacingMm, scratch);
  }
  return { i: rowSteps, j, holdsPoint };
}

interface EnvelopeScratch {
  readonly rows: Int32Array;
  readonly heights: Float64Array;
  readonly bounds: Float64Array;
  readonly steps: Uint16Array;
}

/** Replaces the steps along i by those of the nearest point in the plane, and says how many rows away it is. */
function nearestInPlane(
  stepsI: Uint16Array,
  stepsJ: Uint16Array,
  columns: number,
  [spacingI, spacingJ]: Vec3,
  { rows: vertex, heights, bounds, steps }: EnvelopeScratch,
): void {
  const rows = vertex.length;
  const weight = spacingI / spacingJ;
  for (let i = 0; i < columns; i++) {
    let last = -1;
    for (let row = 0; row < rows; row++) {
      const step = stepsI[row * columns + i] as number;
      steps[row] = step;
      if (step === NONE) continue;
      const height = (step * weight) ** 2;
      let bound = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        bound = meeting(vertex[last] as number, heights[last] as number, row, height);
        if (bound > (bounds[last] as number)) break;
        last--;
      }
      last++;
      vertex[last] = row;
      heights[last] = height;
      bounds[last] = last === 0 ? Number.NEGATIVE_INFINITY : bound;
    }
    let at = 0;
    for (let row = 0; row < rows; row++) {
      while (at < last && (bounds[at + 1] as number) < row) at++;
      const nearest = vertex[at] as number;
      stepsI[row * columns + i] = steps[nearest] as number;
      stepsJ[row * columns + i] = Math.abs(row - nearest);
    }
  }
}

/** Where two parabolas of unit curvature over rows meet; the later row lies below from there on. */
function meeting(earlier: number, earlierHeight: number, later: number, laterHeight: number): number {
  return (laterHeight - earlierHeight) / (2 * (later - earlier)) + (later + earlier) / 2;
}

/** Looks outwards from each query's plane until a farther plane cannot be nearer. */
function acrossPlanes(
  [columns, rows, slices]: Vec3,
  [spacingI, spacingJ, spacingK]: Vec3,
  { i, j, holdsPoint }: PlaneSteps,
  from: GridPoints,
): Float64Array {
  const plane = columns * rows;
  const squareIn = (at: number) => ((i[at] as number) * spacingI) ** 2 + ((j[at] as number) * spacingJ) ** 2;
  const distances = new Float64Array(from.length);
  for (let n = 0; n < from.length; n++) {
    const at = from[n] as number;
    const k = Math.floor(at / plane);
    const inPlane = at - k * plane;
    let best = holdsPoint[k] === 1 ? squareIn(at) : Number.POSITIVE_INFINITY;
    const reach = Math.max(k, slices - 1 - k);
    for (let step = 1; step <= reach; step++) {
      const across = (step * spacingK) ** 2;
      if (across >= best) break;
      if (holdsPoint[k - step] === 1) {
        best = Math.min(best, squareIn((k - step) * plane + inPlane) + across);
      }
      if (holdsPoint[k + step] === 1) {
        best = Math.min(best, squareIn((k + step) * plane + inPlane) + across);
      }
    }
    distances[n] = Math.sqrt(best);
  }
  return distances;
}
