import type { Coefficients } from './dct-scan.ts';
import type { FrameHeader } from './segments.ts';

/** Index in row order of each coefficient in zigzag order (ITU-T T.81 figure 5). */
const ZIGZAG = zigzagOrder();
/** `BASIS[8 * x + u]`: share of frequency u in sample x (T.81 A.3.3). */
const BASIS = Float64Array.from({ length: 64 }, (_, n) => {
  const u = n % 8;
  const x = (n - u) / 8;
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** Flat blocks often lie exactly between two values; floating point must not decide which way they go: up. */
const HALF_TOLERANCE = 1e-6;

/**
 * Dequantises and transforms every block; samples are rounded and kept within 0 to 2^precision - 1.
 *
 * In double precision: the result is within half a unit of the exact one, so it is as near to the original as the
 * compression allows.
 */
export function inverseDct(
  { rows, columns, precision }: FrameHeader,
  { values }: Coefficients,
  quantisation: Uint16Array,
): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(rows * columns);
  const across = Math.ceil(columns / 8);
  const block = new Float64Array(64);
  const scratch = new Float64Array(64);
  for (let at = 0, n = 0; at < values.length; at += 64, n++) {
    const column = (n % across) * 8;
    const row = Math.floor(n / across) * 8;
    transform(values, at, quantisation, block, scratch);
    store(block, out, { rows, columns, row, column, centre: 2 ** (precision - 1) });
  }
  return out;
}

function transform(
  values: Int16Array,
  at: number,
  quantisation: Uint16Array,
  block: Float64Array,
  scratch: Float64Array,
): void {
  block.fill(0);
  let lastRow = 0;
  for (let k = 0; k < 64; k++) {
    const value = values[at + k] as number;
    if (value === 0) continue;
    const index = ZIGZAG[k] as number;
    block[index] = value * (quantisation[k] as number);
    lastRow = Math.max(lastRow, index >> 3);
  }
  // Rows of frequencies below the last one are zero in most blocks, so they are left out of both passes.
  for (let v = 0; v <= lastRow; v++) transformRow(block, v * 8, scratch);
  for (let x = 0; x < 8; x++) {
    for (let y = 0; y < 8; y++) {
      let sum = 0;
      for (let v = 0; v <= lastRow; v++) sum += (BASIS[8 * y + v] as number) * (scratch[8 * v + x] as number);
      block[8 * y + x] = sum;
    }
  }
}

function transformRow(block: Float64Array, start: number, scratch: Float64Array): void {
  for (let x = 0; x < 8; x++) {
    let sum = 0;
    for (let u = 0; u < 8; u++) sum += (BASIS[8 * x + u] as number) * (block[start + u] as number);
    scratch[start + x] = sum;
  }
}

function store(
  block: Float64Array,
  out: Uint16Array,
  to: { rows: number; columns: number; row: number; column: number; centre: number },
): void {
  const height = Math.min(8, to.rows - to.row);
  const width = Math.min(8, to.columns - to.column);
  const largest = 2 * to.centre - 1;
  const rounding = to.centre + 0.5 + HALF_TOLERANCE;
  for (let y = 0; y < height; y++) {
    const line = (to.row + y) * to.columns + to.column;
    for (let x = 0; x < width; x++) {
      const value = Math.floor((block[8 * y + x] as number) + rounding);
      out[line + x] = Math.max(0, Math.min(value, largest));
    }
  }
}

function zigzagOrder(): Uint8Array {
  const order = new Uint8Array(64);
  let row = 0;
  let column = 0;
  for (let k = 0; k < 64; k++) {
    order[k] = row * 8 + column;
    const up = (row + column) % 2 === 0;
    if (up && column === 7) row++;
    else if (up && row === 0) column++;
    else if (up) {
      row--;
      column++;
    } else if (row === 7) column++;
    else if (column === 0) row++;
    else {
      row++;
      column--;
    }
  }
  return order;
}
