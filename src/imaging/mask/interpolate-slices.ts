import { emptySliceMask, type MaskBox, type SliceMask } from './slice-mask.ts';

/**
 * Draws what lies at a fraction of the way from the lower slice (0) to the upper one (1); the mask must be empty. Below 0
 * and above 1 the change from one to the other goes on, within the outline of the nearer one.
 */
export type DrawBetween = (fraction: number, into: SliceMask) => void;

/**
 * Shape-based interpolation between two drawn slices: signed distances to both outlines are mixed by position.
 *
 * @param spacingMm - distance of columns and of rows
 */
export function interpolateBetween(
  lower: SliceMask,
  upper: SliceMask,
  spacingMm: readonly [number, number],
): DrawBetween {
  const window = commonWindow(lower, upper);
  const below = outlineDistance(crop(lower, window), spacingMm);
  const above = outlineDistance(crop(upper, window), spacingMm);
  return (fraction, into) => {
    if (fraction < 0) carryOn(below, above, -fraction, window, into);
    else if (fraction > 1) carryOn(above, below, fraction - 1, window, into);
    else {
      const mix = (at: number) => (1 - fraction) * (below[at] as number) + fraction * (above[at] as number);
      markWhere((at) => mix(at) < 0, window, into);
    }
  };
}

/**
 * Beyond the nearer of two slices. A rounded body ends faster than it shrank: its squared thickness falls evenly, so the
 * change of the outline is scaled by what that means for the thickest part.
 */
function carryOn(
  near: Float64Array,
  far: Float64Array,
  distance: number,
  window: MaskBox,
  into: SliceMask,
): void {
  const [nearest, farthest] = [inscribedRadius(near), inscribedRadius(far)];
  const squared = nearest ** 2 - (farthest ** 2 - nearest ** 2) * distance;
  const shrink = nearest - Math.sqrt(Math.max(0, squared));
  const factor = farthest > nearest ? shrink / (farthest - nearest) : distance;
  const beyond = (at: number) => (near[at] as number) + factor * ((near[at] as number) - (far[at] as number));
  markWhere((at) => (near[at] as number) < 0 && beyond(at) < 0, window, into);
}

function inscribedRadius(distance: Float64Array): number {
  return distance.reduce((most, value) => Math.max(most, -value), 0);
}

/** Sets the voxels of the window for which the test, by their place in the window, holds. */
function markWhere(inside: (at: number) => boolean, window: MaskBox, into: SliceMask): void {
  let { minColumn, maxColumn, minRow, maxRow } = into.box;
  let at = 0;
  for (let row = window.minRow; row <= window.maxRow; row++) {
    for (let column = window.minColumn; column <= window.maxColumn; column++, at++) {
      if (!inside(at)) continue;
      into.bits[row * into.columns + column] = 1;
      minColumn = Math.min(minColumn, column);
      maxColumn = Math.max(maxColumn, column);
      minRow = Math.min(minRow, row);
      maxRow = Math.max(maxRow, row);
    }
  }
  into.box = { minColumn, maxColumn, minRow, maxRow };
}

/**
 * The part of the slices in which anything can be inside: both boxes and one voxel around them. Distances inside it are
 * those of the whole slice, because the voxel around is outside and nearer than any beyond.
 */
function commonWindow({ box: a, columns, rows }: SliceMask, { box: b }: SliceMask): MaskBox {
  return {
    minColumn: Math.max(0, Math.min(a.minColumn, b.minColumn) - 1),
    maxColumn: Math.min(columns - 1, Math.max(a.maxColumn, b.maxColumn) + 1),
    minRow: Math.max(0, Math.min(a.minRow, b.minRow) - 1),
    maxRow: Math.min(rows - 1, Math.max(a.maxRow, b.maxRow) + 1),
  };
}

function crop({ bits, columns }: SliceMask, { minColumn, maxColumn, minRow, maxRow }: MaskBox): SliceMask {
  const part = emptySliceMask(Math.max(0, maxColumn - minColumn + 1), Math.max(0, maxRow - minRow + 1));
  for (let row = minRow; row <= maxRow; row++) {
    const from = row * columns + minColumn;
    part.bits.set(bits.subarray(from, from + part.columns), (row - minRow) * part.columns);
  }
  return part;
}

/** Distance in mm from each voxel centre to the outline, which runs half a voxel before the nearest centre of the other kind. */
function outlineDistance(mask: SliceMask, spacingMm: readonly [number, number]): Float64Array {
  const half = Math.min(...spacingMm) / 2;
  return signedDistance(mask, spacingMm).map((value) => value - Math.sign(value) * half);
}

/** Distance in mm from each voxel centre to the nearest centre of the other kind: negative inside. */
export function signedDistance(mask: SliceMask, spacingMm: readonly [number, number]): Float64Array {
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
