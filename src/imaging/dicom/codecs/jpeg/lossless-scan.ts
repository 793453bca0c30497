import { corrupt } from '../coded-image.ts';
import type { BitReader } from './bit-reader.ts';
import type { HuffmanTable } from './huffman-table.ts';
import type { FrameHeader, ScanHeader } from './segments.ts';

/**
 * Decodes the scan of a lossless image (ITU-T T.81 Annex H, processes 14): each sample is a prediction from its
 * neighbours plus a coded difference, modulo 2^16.
 *
 * @param restartInterval - samples between restart markers, whole rows by the standard; 0 without.
 */
export function decodeLosslessScan(
  frame: FrameHeader,
  scan: ScanHeader,
  table: HuffmanTable,
  reader: BitReader,
  restartInterval: number,
): Uint16Array<ArrayBuffer> {
  const { columns, rows, precision } = frame;
  if (scan.start < 1 || scan.start > 7)
    throw corrupt(`its lossless predictor is ${scan.start}; allowed are 1 to 7`);
  if (scan.low >= precision) throw corrupt('its point transform is as wide as its samples');
  if (restartInterval % columns !== 0) throw corrupt('its restart interval is not a whole number of rows');
  const out = new Uint16Array(columns * rows);
  const firstPrediction = 1 << (precision - scan.low - 1);
  const restartRows = restartInterval / columns;
  for (let row = 0; row < rows; row++) {
    const fresh = row === 0 || (restartRows > 0 && row % restartRows === 0);
    if (fresh && row > 0) reader.restart();
    const start = row * columns;
    if (fresh) decodeFirstRow(out, start, columns, firstPrediction, table, reader);
    else decodeRow(out, start, columns, scan.start, table, reader);
  }
  if (scan.low > 0) for (let at = 0; at < out.length; at++) out[at] = (out[at] as number) << scan.low;
  return out;
}

/** The first row of an image or restart interval is predicted from the left whatever the scan's predictor is. */
function decodeFirstRow(
  out: Uint16Array,
  start: number,
  columns: number,
  firstPrediction: number,
  table: HuffmanTable,
  reader: BitReader,
): void {
  let left = firstPrediction;
  for (let at = start; at < start + columns; at++) {
    left = (left + difference(table, reader)) & 0xffff;
    out[at] = left;
  }
}

function decodeRow(
  out: Uint16Array,
  start: number,
  columns: number,
  predictor: number,
  table: HuffmanTable,
  reader: BitReader,
): void {
  let left = ((out[start - columns] as number) + difference(table, reader)) & 0xffff;
  out[start] = left;
  for (let at = start + 1; at < start + columns; at++) {
    const prediction =
      predictor === 1
        ? left
        : predict(predictor, left, out[at - columns] as number, out[at - columns - 1] as number);
    left = (prediction + difference(table, reader)) & 0xffff;
    out[at] = left;
  }
}

/** Predictors 2 to 7 (T.81 table H.1) from the samples to the left, above and above left. */
function predict(predictor: number, left: number, above: number, corner: number): number {
  switch (predictor) {
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    default:
      return (left + above) >> 1;
  }
}

function difference(table: HuffmanTable, reader: BitReader): number {
  const length = reader.symbol(table);
  if (length > 16) throw corrupt('it holds a difference of more than 16 bits');
  // A difference of 16 bits is always 32768 and brings no bits of its own (T.81 H.1.2.2).
  return length === 16 ? 32768 : reader.signed(length);
}
