import { corrupt } from '../coded-image.ts';
import type { BitReader } from './bit-reader.ts';
import type { HuffmanTable } from './huffman-table.ts';
import type { FrameHeader, ScanHeader } from './segments.ts';

/** Quantised coefficients of a grey image: 64 per block of 8 x 8 pixels, in zigzag order, blocks row by row. */
export interface Coefficients {
  readonly blocks: number;
  readonly values: Int16Array;
}

/** Decodes one block's share of a scan into `values` from `at` on. */
type BlockDecoder = (values: Int16Array, at: number) => void;

export interface ScanTables {
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

export function createCoefficients({ rows, columns }: FrameHeader): Coefficients {
  const blocks = Math.ceil(rows / 8) * Math.ceil(columns / 8);
  return { blocks, values: new Int16Array(blocks * 64) };
}

/**
 * Adds one scan to the coefficients (ITU-T T.81 Annexes F and G): a whole sequential image, or one step of a
 * progressive one.
 *
 * @param restartInterval - blocks between restart markers; 0 without.
 */
export function decodeDctScan(
  frame: FrameHeader,
  scan: ScanHeader,
  tables: ScanTables,
  reader: BitReader,
  restartInterval: number,
  { blocks, values }: Coefficients,
): void {
  if (scan.end > 63 || scan.start > scan.end || scan.low > 13) throw corrupt('a scan has an impossible band');
  let decodeBlock = blockDecoder(frame, scan, tables, reader);
  for (let block = 0; block < blocks; block++) {
    if (restartInterval > 0 && block > 0 && block % restartInterval === 0) {
      reader.restart();
      decodeBlock = blockDecoder(frame, scan, tables, reader);
    }
    decodeBlock(values, block * 64);
  }
}

/** A decoder with fresh predictions, as at the start and after each restart marker. */
function blockDecoder(
  frame: FrameHeader,
  scan: ScanHeader,
  { dc, ac }: ScanTables,
  reader: BitReader,
): BlockDecoder {
  if (frame.kind === 'sequential') return sequentialBlock(required(dc), required(ac), reader);
  if (scan.start === 0) {
    if (scan.end !== 0) throw corrupt('a progressive scan mixes DC and AC coefficients');
    return scan.high === 0 ? firstDc(scan, required(dc), reader) : refineDc(scan, reader);
  }
  return scan.high === 0 ? firstAc(scan, required(ac), reader) : refineAc(scan, required(ac), reader);
}

function required(table: HuffmanTable | undefined): HuffmanTable {
  if (table === undefined) throw corrupt('a scan refers to a Huffman table that is not there');
  return table;
}

function sequentialBlock(dc: HuffmanTable, ac: HuffmanTable, reader: BitReader): BlockDecoder {
  let prediction = 0;
  return (values, at) => {
    prediction += reader.signed(reader.symbol(dc) & 15);
    values[at] = prediction;
    for (let k = 1; k < 64; k++) {
      const symbol = reader.symbol(ac);
      const length = symbol & 15;
      k += symbol >> 4;
      if (length === 0) {
        if (symbol !== 0xf0) return;
        continue;
      }
      if (k > 63) throw corrupt('a block has more than 64 coefficients');
      values[at + k] = reader.signed(length);
    }
  };
}

function firstDc({ low }: ScanHeader, table: HuffmanTable, reader: BitReader): BlockDecoder {
  let prediction = 0;
  return (values, at) => {
    prediction += reader.signed(reader.symbol(table) & 15);
    values[at] = prediction << low;
  };
}

function refineDc({ low }: ScanHeader, reader: BitReader): BlockDecoder {
  return (values, at) => {
    if (reader.bits(1) === 1) values[at] = (values[at] as number) | (1 << low);
  };
}

/** First pass over a band: runs of zeros, values, and runs of blocks whose band ends here. */
function firstAc({ start, end, low }: ScanHeader, table: HuffmanTable, reader: BitReader): BlockDecoder {
  let endedBlocks = 0;
  return (values, at) => {
    if (endedBlocks > 0) {
      endedBlocks--;
      return;
    }
    for (let k = start; k <= end; k++) {
      const symbol = reader.symbol(table);
      const run = symbol >> 4;
      const length = symbol & 15;
      if (length === 0 && run < 15) {
        endedBlocks = (1 << run) - 1 + reader.bits(run);
        return;
      }
      k += run;
      if (length === 0) continue;
      if (k > end) throw corrupt('a block has more coefficients than its band');
      values[at + k] = reader.signed(length) << low;
    }
  };
}

/** A later pass over a band: one more bit of every known value, and values that appear at this bit (T.81 G.1.2.3). */
function refineAc({ start, end, low }: ScanHeader, table: HuffmanTable, reader: BitReader): BlockDecoder {
  const bit = 1 << low;
  let endedBlocks = 0;
  return (values, at) => {
    let k = start;
    while (endedBlocks === 0 && k <= end) {
      const symbol = reader.symbol(table);
      const run = symbol >> 4;
      const length = symbol & 15;
      if (length > 1) throw corrupt('a refinement is larger than one bit');
      if (length === 0 && run < 15) {
        endedBlocks = (1 << run) + reader.bits(run);
        break;
      }
      const sign = length === 0 || reader.bits(1) === 1 ? 1 : -1;
      k = refineRun(values, at, { from: k, end, zeros: run, bit }, reader);
      if (length === 1 && k <= end) values[at + k] = sign * bit;
      k++;
    }
    if (endedBlocks === 0) return;
    refineRun(values, at, { from: k, end, zeros: 64, bit }, reader);
    endedBlocks--;
  };
}

/** Refines known values while it steps over `zeros` unknown ones; gives the index of the next unknown one. */
function refineRun(
  values: Int16Array,
  at: number,
  { from, end, zeros, bit }: { from: number; end: number; zeros: number; bit: number },
  reader: BitReader,
): number {
  let left = zeros;
  for (let k = from; k <= end; k++) {
    const value = values[at + k] as number;
    if (value === 0) {
      if (left-- === 0) return k;
    } else if (reader.bits(1) === 1 && (Math.abs(value) & bit) === 0) {
      values[at + k] = value + (value > 0 ? bit : -bit);
    }
  }
  return end + 1;
}
