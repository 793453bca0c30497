import { signedDistance } from '../mask/interpolate-slices.ts';
import { clearSliceMask, emptySliceMask, type SliceMask } from '../mask/slice-mask.ts';
import type { PlacedFrame } from './place-frames.ts';

/**
 * Copies a frame's pixels to the voxels under them: cropped, flipped or transposed frames land exactly. Shifts of the
 * acquired image count by their whole part.
 *
 * @returns pixels that lie outside the grid.
 */
export function copyFrame(
  { bits, columns, box }: SliceMask,
  { steps, origin, imageShift }: PlacedFrame,
  into: SliceMask,
): number {
  const left = origin[0] + Math.floor(imageShift[0]);
  const top = origin[1] + Math.floor(imageShift[1]);
  let { minColumn, maxColumn, minRow, maxRow } = into.box;
  let lost = 0;
  for (let row = box.minRow; row <= box.maxRow; row++) {
    for (let column = box.minColumn; column <= box.maxColumn; column++) {
      if (bits[row * columns + column] === 0) continue;
      const i = left + steps.perColumn[0] * column + steps.perRow[0] * row;
      const j = top + steps.perColumn[1] * column + steps.perRow[1] * row;
      if (i < 0 || j < 0 || i >= into.columns || j >= into.rows) {
        lost++;
        continue;
      }
      into.bits[j * into.columns + i] = 1;
      if (i < minColumn) minColumn = i;
      if (i > maxColumn) maxColumn = i;
      if (j < minRow) minRow = j;
      if (j > maxRow) maxRow = j;
    }
  }
  into.box = { minColumn, maxColumn, minRow, maxRow };
  return lost;
}

/**
 * Moves a mask by a part of a voxel towards higher columns and rows, its outline with it: the signed distance to the
 * outline is interpolated linearly.
 *
 * @param shift - columns and rows, each from 0 up to 1.
 * @param spacingMm - distance of columns and of rows.
 */
export function shiftMask(
  mask: SliceMask,
  [shiftX, shiftY]: readonly [number, number],
  spacingMm: readonly [number, number],
): void {
  if ((shiftX === 0 && shiftY === 0) || mask.box.maxRow < 0) return;
  const { minColumn, maxColumn, minRow, maxRow } = mask.box;
  const [left, top] = [minColumn - MARGIN, minRow - MARGIN];
  const part = emptySliceMask(maxColumn - minColumn + 1 + 2 * MARGIN, maxRow - minRow + 1 + 2 * MARGIN);
  for (let row = minRow; row <= maxRow; row++) {
    const from = row * mask.columns;
    part.bits.set(
      mask.bits.subarray(from + minColumn, from + maxColumn + 1),
      (row - top) * part.columns + MARGIN,
    );
  }
  const distance = signedDistance(part, spacingMm);
  clearSliceMask(mask);
  const box = {
    minColumn: Number.POSITIVE_INFINITY,
    maxColumn: -1,
    minRow: Number.POSITIVE_INFINITY,
    maxRow: -1,
  };
  for (let row = 1; row < part.rows; row++) {
    for (let column = 1; column < part.columns; column++) {
      const [i, j] = [left + column, top + row];
      if (i < 0 || j < 0 || i >= mask.columns || j >= mask.rows) continue;
      const at = row * part.columns + column;
      const upper = mix(distance, at - part.columns, shiftX);
      if (shiftY * upper + (1 - shiftY) * mix(distance, at, shiftX) >= 0) continue;
      mask.bits[j * mask.columns + i] = 1;
      box.minColumn = Math.min(box.minColumn, i);
      box.maxColumn = Math.max(box.maxColumn, i);
      box.minRow = Math.min(box.minRow, j);
      box.maxRow = Math.max(box.maxRow, j);
    }
  }
  mask.box = box;
}

/** Of voxels outside that the outline may move into. */
const MARGIN = 2;

/** Between a voxel and the one before it in its row. */
function mix(distance: Float64Array, at: number, share: number): number {
  return share * (distance[at - 1] as number) + (1 - share) * (distance[at] as number);
}
