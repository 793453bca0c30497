import type { SliceRuns } from './slice-runs.ts';
import { ValueRuns } from './value-runs.ts';

/** Bits of one slice, one byte per voxel (0 or 1), and the part that may hold ones. */
export interface SliceMask {
  readonly columns: number;
  readonly rows: number;
  readonly bits: Uint8Array<ArrayBuffer>;
  box: MaskBox;
}

/** Inclusive; empty when max < min. */
export interface MaskBox {
  readonly minColumn: number;
  readonly maxColumn: number;
  readonly minRow: number;
  readonly maxRow: number;
}

const EMPTY_BOX: MaskBox = {
  minColumn: Number.POSITIVE_INFINITY,
  maxColumn: -1,
  minRow: Number.POSITIVE_INFINITY,
  maxRow: -1,
};

export function emptySliceMask(columns: number, rows: number): SliceMask {
  return { columns, rows, bits: new Uint8Array(columns * rows), box: EMPTY_BOX };
}

let scratch: readonly [SliceMask, SliceMask, SliceMask] = [
  emptySliceMask(0, 0),
  emptySliceMask(0, 0),
  emptySliceMask(0, 0),
];

/**
 * Empty masks for work that is over before anybody else asks for them: the slices of many regions are drawn in turn, and
 * each region with masks of its own would hold hundreds of megabytes.
 */
export function scratchMasks(columns: number, rows: number): readonly [SliceMask, SliceMask, SliceMask] {
  const [first] = scratch;
  if (first.columns === columns && first.rows === rows) scratch.forEach(clearSliceMask);
  else
    scratch = [emptySliceMask(columns, rows), emptySliceMask(columns, rows), emptySliceMask(columns, rows)];
  return scratch;
}

/** Clears what earlier drawings left, within their box only. */
export function clearSliceMask(mask: SliceMask): void {
  const { minColumn, maxColumn, minRow, maxRow } = mask.box;
  for (let row = minRow; row <= maxRow; row++) {
    mask.bits.fill(0, row * mask.columns + minColumn, row * mask.columns + maxColumn + 1);
  }
  mask.box = EMPTY_BOX;
}

/** Adds the ones of a slice of the same size. */
export function addRuns(mask: SliceMask, { bounds, length }: SliceRuns): void {
  const { bits, columns } = mask;
  let { minColumn, maxColumn, minRow, maxRow } = mask.box;
  for (let at = 0; at < length; at += 2) {
    const from = bounds[at] as number;
    const to = bounds[at + 1] as number;
    bits.fill(1, from, to);
    const row = Math.floor(from / columns);
    minColumn = Math.min(minColumn, from - row * columns);
    maxColumn = Math.max(maxColumn, to - 1 - row * columns);
    minRow = Math.min(minRow, row);
    maxRow = Math.max(maxRow, row);
  }
  mask.box = { minColumn, maxColumn, minRow, maxRow };
}

/** Describes the ones of a mask as runs, in place of what was there. */
export function takeRuns(runs: SliceRuns, { bits, columns, box }: SliceMask): void {
  runs.clear();
  const values = new ValueRuns(bits);
  for (let row = box.minRow; row <= box.maxRow; row++) {
    const end = row * columns + box.maxColumn + 1;
    for (let from = row * columns + box.minColumn; from < end; ) {
      const to = values.endOfRun(from, end);
      if (bits[from] !== 0) runs.add(from, to);
      from = to;
    }
  }
}
