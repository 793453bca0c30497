import { type Polygon, roundPixel } from './polygon.ts';

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

/** Clears what earlier drawings left, within their box only. */
export function clearSliceMask(mask: SliceMask): void {
  const { minColumn, maxColumn, minRow, maxRow } = mask.box;
  for (let row = minRow; row <= maxRow; row++) {
    mask.bits.fill(0, row * mask.columns + minColumn, row * mask.columns + maxColumn + 1);
  }
  mask.box = EMPTY_BOX;
}

/**
 * Draws groups of polygons into an empty slice: union inside a group, parity between groups.
 *
 * A voxel belongs to a polygon when its centre lies inside by the even-odd rule; edges are half-open (left and upper
 * edges belong, right and lower do not), decided after rounding to 1e-6 pixel.
 */
export function rasterise(mask: SliceMask, groups: readonly (readonly Polygon[])[]): void {
  const single = groups.flatMap((group) => (group.length === 1 ? group : []));
  for (const polygon of single) toggleEdges(mask, polygon);
  fillParity(mask);
  const crossing = groups.filter((group) => group.length > 1);
  if (crossing.length === 0) return;
  const member = emptySliceMask(mask.columns, mask.rows);
  const union = emptySliceMask(mask.columns, mask.rows);
  for (const group of crossing) {
    for (const polygon of group) {
      clearSliceMask(member);
      toggleEdges(member, polygon);
      fillParity(member);
      combine(union, member, (a, b) => a | b);
    }
    combine(mask, union, (a, b) => a ^ b);
    clearSliceMask(union);
  }
}

/** Adds the ones of another slice. */
export function mergeSliceMask(into: SliceMask, from: SliceMask): SliceMask {
  combine(into, from, (a, b) => a | b);
  return into;
}

/** Combines `from` into `into` within the box of `from`. */
function combine(into: SliceMask, from: SliceMask, rule: (a: number, b: number) => number): void {
  const { minColumn, maxColumn, minRow, maxRow } = from.box;
  for (let row = minRow; row <= maxRow; row++) {
    const end = row * from.columns + maxColumn;
    for (let at = row * from.columns + minColumn; at <= end; at++) {
      into.bits[at] = rule(into.bits[at] as number, from.bits[at] as number);
    }
  }
  into.box = joinBoxes(into.box, from.box);
}

/** Flips one bit per edge and row: the first voxel whose centre is not left of the edge. */
function toggleEdges(mask: SliceMask, polygon: Polygon): void {
  const { bits, columns, rows } = mask;
  let { minColumn, maxColumn, minRow, maxRow } = mask.box;
  let x0 = polygon.at(-2) ?? 0;
  let y0 = polygon.at(-1) ?? 0;
  for (let at = 0; at < polygon.length; at += 2) {
    const x1 = polygon[at] as number;
    const y1 = polygon[at + 1] as number;
    const first = Math.max(0, Math.ceil(Math.min(y0, y1)));
    const last = Math.min(rows - 1, Math.ceil(Math.max(y0, y1)) - 1);
    // The lower end is the anchor whichever way the edge was drawn, so a shared edge gives one and the same x.
    const [xa, ya, xb, yb] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
    const slope = (xb - xa) / (yb - ya);
    for (let row = first; row <= last; row++) {
      const column = Math.max(0, Math.ceil(roundPixel(xa + slope * (row - ya))));
      if (column < columns) {
        const index = row * columns + column;
        bits[index] = (bits[index] as number) ^ 1;
      }
      minColumn = Math.min(minColumn, column);
      maxColumn = Math.max(maxColumn, Math.min(column, columns - 1));
      minRow = Math.min(minRow, row);
      maxRow = Math.max(maxRow, row);
    }
    x0 = x1;
    y0 = y1;
  }
  mask.box = { minColumn, maxColumn, minRow, maxRow };
}

/** Running parity along each row turns the flipped bits into filled spans. */
function fillParity({ bits, columns, box }: SliceMask): void {
  for (let row = box.minRow; row <= box.maxRow; row++) {
    const end = row * columns + box.maxColumn;
    let parity = 0;
    for (let at = row * columns + box.minColumn; at <= end; at++) {
      parity ^= bits[at] as number;
      bits[at] = parity;
    }
  }
}

function joinBoxes(a: MaskBox, b: MaskBox): MaskBox {
  return {
    minColumn: Math.min(a.minColumn, b.minColumn),
    maxColumn: Math.max(a.maxColumn, b.maxColumn),
    minRow: Math.min(a.minRow, b.minRow),
    maxRow: Math.max(a.maxRow, b.maxRow),
  };
}
