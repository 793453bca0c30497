import type { SliceMask } from './rasterise.ts';

/**
 * Shape-based interpolation between two drawn slices: signed distances to both outlines are mixed by position.
 *
 * @param fraction - 0 at `lower`, 1 at `upper`
 * @param spacingMm - distance of columns and of rows
 */
export function interpolateSlice(
  lower: SliceMask,
  upper: SliceMask,
  fraction: number,
  spacingMm: readonly [number, number],
  into: SliceMask,
): void {
  const below = signedDistance(lower, spacingMm);
  const above = signedDistance(upper, spacingMm);
  let { minColumn, maxColumn, minRow, maxRow } = into.box;
  for (let row = 0; row < into.rows; row++) {
    for (let column = 0; column < into.columns; column++) {
      const at = row * into.columns + column;
      if ((1 - fraction) * (below[at] as number) + fraction * (above[at] as number) >= 0) continue;
      into.bits[at] = 1;
      minColumn = Math.min(minColumn, column);
      maxColumn = Math.max(maxColumn, column);
      minRow = Math.min(minRow, row);
      maxRow = Math.max(maxRow, row);
    }
  }
  into.box = { minColumn, maxColumn, minRow, maxRow };
}

/** Distance in mm from each voxel centre to the nearest centre of the other kind: negative inside. */
function signedDistance(mask: SliceMask, spacingMm: readonly [number, number]): Float64Array {
  const outside = squaredDistance(mask, 1, spacingMm);
  const inside = squaredDistance(mask, 0, spacingMm);
  return outside.map((value, at) => Math.sqrt(value) - Math.sqrt(inside[at] as number));
}

/** Squared distance to the nearest voxel whose bit is `target`: exact, one pass per axis (lower envelope of parabolas). */
function squaredDistance(
  { bits, columns, rows }: SliceMask,
  target: number,
  [gapX, gapY]: readonly [number, number],
) {
  const distance = Float64Array.from(bits, (bit) => (bit === target ? 0 : FAR));
  const length = Math.max(columns, rows);
  const scratch = {
    line: new Float64Array(length),
    apex: new Int32Array(length),
    start: new Float64Array(length + 1),
  };
  for (let row = 0; row < rows; row++) transformLine(distance, row * columns, 1, columns, gapX, scratch);
  for (let column = 0; column < columns; column++)
    transformLine(distance, column, columns, rows, gapY, scratch);
  return distance;
}

/** Farther than any slice is wide, yet small enough to square and subtract exactly. */
const FAR = 1e12;

interface Scratch {
  readonly line: Float64Array;
  readonly apex: Int32Array;
  readonly start: Float64Array;
}

function transformLine(
  values: Float64Array,
  from: number,
  stride: number,
  count: number,
  gap: number,
  { line, apex, start }: Scratch,
): void {
  for (let n = 0; n < count; n++) line[n] = values[from + n * stride] as number;
  let top = 0;
  apex[0] = 0;
  start[0] = Number.NEGATIVE_INFINITY;
  for (let n = 1; n < count; n++) {
    let meeting = meet(line, apex[top] as number, n, gap);
    while (meeting <= (start[top] as number)) meeting = meet(line, apex[--top] as number, n, gap);
    apex[++top] = n;
    start[top] = meeting;
  }
  start[top + 1] = Number.POSITIVE_INFINITY;
  for (let n = 0, at = 0; n < count; n++) {
    while ((start[at + 1] as number) < n * gap) at++;
    const nearest = apex[at] as number;
    values[from + n * stride] = ((n - nearest) * gap) ** 2 + (line[nearest] as number);
  }
}

/** Where the parabola over `q` falls below the one over `p`, in mm. */
function meet(line: Float64Array, p: number, q: number, gap: number): number {
  const [xp, xq] = [p * gap, q * gap];
  return ((line[q] as number) + xq * xq - (line[p] as number) - xp * xp) / (2 * (xq - xp));
}
