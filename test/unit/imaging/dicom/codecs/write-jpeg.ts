/** A JPEG writer for tests: lossless images with any predictor, and flat DCT images, with one simple Huffman table. */

export interface LosslessJpeg {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  readonly predictor?: number;
  /** Low bits that are not coded. */
  readonly pointTransform?: number;
  /** Rows between restart markers; 0 or absent without. */
  readonly restartRows?: number;
}

/** 17 codes of five bits: symbol n has code n. */
const FIVE_BIT_TABLE = [
  0,
  0,
  0,
  0,
  17,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  ...Array.from({ length: 17 }, (_, n) => n),
];
/** 16 codes of length 12, all symbols below 16, to reach codes longer than a lookup step. */
const TWELVE_BIT_TABLE = [
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  17,
  0,
  0,
  0,
  0,
  ...Array.from({ length: 17 }, (_, n) => n),
];

export function segment(code: number, content: readonly number[]): number[] {
  const length = content.length + 2;
  return [0xff, code, length >> 8, length & 0xff, ...content];
}

/** Bits in a byte string, with a zero stuffed after each 0xff. */
export class BitWriter {
  readonly bytes: number[] = [];
  #bits = '';

  write(value: number, length: number): void {
    if (length === 0) return;
    this.#bits += value.toString(2).padStart(length, '0').slice(-length);
    while (this.#bits.length >= 8) {
      const byte = Number.parseInt(this.#bits.slice(0, 8), 2);
      this.bytes.push(byte, ...(byte === 0xff ? [0] : []));
      this.#bits = this.#bits.slice(8);
    }
  }

  /** Fills the last byte with ones and appends a marker. */
  mark(code: number): void {
    if (this.#bits.length > 0) this.write(2 ** (8 - this.#bits.length) - 1, 8 - this.#bits.length);
    this.bytes.push(0xff, code);
  }
}

/** A difference as its length, coded with `codeBits` bits, and its own bits (ITU-T T.81 F.1.2.1). */
export function writeDifference(bits: BitWriter, difference: number, codeBits: number): void {
  const magnitude = Math.abs(difference);
  const length = magnitude === 0 ? 0 : Math.floor(Math.log2(magnitude)) + 1;
  bits.write(length, codeBits);
  if (length < 16) bits.write(difference < 0 ? difference + 2 ** length - 1 : difference, length);
}

/** A lossless image (process 14). */
export function writeLosslessJpeg(
  pixels: ArrayLike<number>,
  image: LosslessJpeg,
  longCodes = false,
): Uint8Array {
  const { rows, columns, precision, predictor = 1, pointTransform = 0, restartRows = 0 } = image;
  const restart = restartRows * columns;
  const bits = new BitWriter();
  const at = (row: number, column: number) => (pixels[row * columns + column] as number) >> pointTransform;
  for (let row = 0; row < rows; row++) {
    const fresh = row === 0 || (restartRows > 0 && row % restartRows === 0);
    if (fresh && row > 0) bits.mark(0xd0 + ((row / restartRows - 1) % 8));
    for (let column = 0; column < columns; column++) {
      const start = 2 ** (precision - pointTransform - 1);
      const prediction = predict({ at, row, column, fresh, predictor, start });
      // Modulo 2^16, in the range -32767 to 32768.
      const difference = ((at(row, column) - prediction + 32767) & 0xffff) - 32767;
      writeDifference(bits, difference, longCodes ? 12 : 5);
    }
  }
  bits.mark(0xd9);
  return Uint8Array.from([
    0xff,
    0xd8,
    ...segment(0xe0, [1, 2, 3]),
    ...segment(0xc4, [0, ...(longCodes ? TWELVE_BIT_TABLE : FIVE_BIT_TABLE)]),
    ...segment(0xc3, [precision, rows >> 8, rows & 255, columns >> 8, columns & 255, 1, 1, 0x11, 0]),
    ...(restart > 0 ? segment(0xdd, [restart >> 8, restart & 255]) : []),
    ...segment(0xda, [1, 1, 0, predictor, 0, pointTransform]),
    ...bits.bytes,
  ]);
}

function predict(of: {
  at: (row: number, column: number) => number;
  row: number;
  column: number;
  fresh: boolean;
  predictor: number;
  start: number;
}): number {
  const { at, row, column, fresh, predictor, start } = of;
  if (fresh) return column === 0 ? start : at(row, column - 1);
  if (column === 0) return at(row - 1, 0);
  const [left, above, corner] = [at(row, column - 1), at(row - 1, column), at(row - 1, column - 1)];
  const table = [
    0,
    left,
    above,
    corner,
    left + above - corner,
    left + ((above - corner) >> 1),
    above + ((left - corner) >> 1),
    (left + above) >> 1,
  ];
  return table[predictor] as number;
}

export interface DctJpeg {
  readonly rows: number;
  readonly columns: number;
  /** 8 or 12. */
  readonly precision: number;
  /** DC coefficient of each block of 8 x 8 pixels, before quantisation by 8: one step is one grey value. */
  readonly blocks: readonly number[];
  /** Blocks between restart markers. */
  readonly restart?: number;
  readonly marker?: number;
}

/** A sequential image of flat blocks; every AC coefficient is zero. */
export function writeFlatJpeg({
  rows,
  columns,
  precision,
  blocks,
  restart = 0,
  marker = 0xc1,
}: DctJpeg): Uint8Array {
  const bits = new BitWriter();
  let previous = 0;
  for (const [n, block] of blocks.entries()) {
    if (restart > 0 && n > 0 && n % restart === 0) {
      bits.mark(0xd0 + ((n / restart - 1) % 8));
      previous = 0;
    }
    writeDifference(bits, block - previous, 5);
    bits.write(0, 5);
    previous = block;
  }
  bits.mark(0xd9);
  return Uint8Array.from([
    0xff,
    0xd8,
    ...segment(0xdb, [0, ...Array.from({ length: 64 }, () => 8)]),
    ...segment(0xc4, [0, ...FIVE_BIT_TABLE, 0x10, ...FIVE_BIT_TABLE]),
    ...segment(marker, [precision, rows >> 8, rows & 255, columns >> 8, columns & 255, 1, 1, 0x11, 0]),
    ...(restart > 0 ? segment(0xdd, [0, restart]) : []),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
    ...bits.bytes,
  ]);
}
