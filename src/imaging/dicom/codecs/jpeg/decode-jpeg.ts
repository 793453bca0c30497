import type { PixelLayout } from '../../slice.ts';
import { corrupt, requireAgreement } from '../coded-image.ts';
import { BitReader } from './bit-reader.ts';
import { type Coefficients, createCoefficients, decodeDctScan } from './dct-scan.ts';
import type { HuffmanTable } from './huffman-table.ts';
import { inverseDct } from './inverse-dct.ts';
import { decodeLosslessScan } from './lossless-scan.ts';
import {
  type FrameHeader,
  MARKER,
  nextSegment,
  readFrameHeader,
  readHuffmanTables,
  readQuantisationTables,
  readScanHeader,
  type Segment,
} from './segments.ts';

/** A progressive grey image has about ten scans; a thousand would be an attack on our time. */
const MAX_SCANS = 100;

/** Tables and settings as they stand at one point of the stream. */
interface State {
  readonly huffman: Map<number, HuffmanTable>;
  readonly quantisation: Map<number, Uint16Array>;
  restartInterval: number;
  frame?: FrameHeader;
  coefficients?: Coefficients;
  samples?: Uint16Array<ArrayBuffer>;
  scans: number;
}

/**
 * Decodes one grey JPEG image: baseline, extended and progressive of 8 or 12 bits, lossless of 2 to 16 bits
 * (ITU-T T.81 processes 1, 2, 4, 6, 8, 10, 12 and 14), Huffman coded.
 *
 * @returns the samples as coded, unsigned, row by row.
 * @throws CorruptPixelData, DecompressionBomb
 */
export function decodeJpeg(bytes: Uint8Array, layout: PixelLayout): Uint16Array<ArrayBuffer> {
  const state: State = { huffman: new Map(), quantisation: new Map(), restartInterval: 0, scans: 0 };
  let at = 0;
  for (;;) {
    const segment = nextSegment(bytes, at);
    if (segment === undefined || segment.code === MARKER.EOI) break;
    at = segment.end;
    if (segment.code === MARKER.SOS) at = decodeScan(state, segment, bytes);
    else readSegment(state, segment, layout, bytes.length);
    if (state.samples !== undefined) return state.samples;
  }
  const { frame, coefficients } = state;
  if (frame === undefined || coefficients === undefined || state.scans === 0)
    throw corrupt('it holds no image');
  const quantisation = state.quantisation.get(frame.quantisation);
  if (quantisation === undefined) throw corrupt('its quantisation table is not there');
  return inverseDct(frame, coefficients, quantisation);
}

function readSegment(state: State, segment: Segment, layout: PixelLayout, byteLength: number): void {
  const { code, content } = segment;
  if (code === MARKER.DHT) readHuffmanTables(segment, state.huffman);
  else if (code === MARKER.DQT) readQuantisationTables(segment, state.quantisation);
  else if (code === MARKER.DRI) state.restartInterval = ((content[0] ?? 0) << 8) | (content[1] ?? 0);
  else {
    const frame = readFrameHeader(segment);
    if (frame === undefined) return;
    if (state.frame !== undefined) throw corrupt('it holds two images');
    requireAgreement(frame, layout, byteLength);
    const transformed = frame.kind !== 'lossless';
    if (transformed && frame.precision !== 8 && frame.precision !== 12) {
      throw corrupt(`its samples have ${frame.precision} bits; allowed are 8 and 12`);
    }
    state.frame = frame;
    if (transformed) state.coefficients = createCoefficients(frame);
  }
}

/** @returns the byte after the scan's data. */
function decodeScan(state: State, segment: Segment, bytes: Uint8Array): number {
  const { frame, coefficients, huffman, restartInterval } = state;
  if (frame === undefined) throw corrupt('a scan comes before the frame header');
  if (++state.scans > MAX_SCANS) throw corrupt(`it has more than ${MAX_SCANS} scans`);
  const scan = readScanHeader(segment);
  const reader = new BitReader(bytes, segment.end);
  const dc = huffman.get(scan.dcTable);
  const ac = huffman.get(0x10 | scan.acTable);
  if (coefficients === undefined) {
    if (dc === undefined) throw corrupt('a scan refers to a Huffman table that is not there');
    state.samples = decodeLosslessScan(frame, scan, dc, reader, restartInterval);
  } else {
    decodeDctScan(frame, scan, { dc, ac }, reader, restartInterval, coefficients);
  }
  return reader.at;
}
