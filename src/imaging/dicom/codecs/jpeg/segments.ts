import { corrupt } from '../coded-image.ts';
import { buildHuffmanTable, type HuffmanTable } from './huffman-table.ts';

export const MARKER = {
  SOI: 0xd8,
  EOI: 0xd9,
  SOS: 0xda,
  DQT: 0xdb,
  DHT: 0xc4,
  DRI: 0xdd,
  SOF55: 0xf7,
} as const;

/** The marker codes of frames that are read: baseline, extended, progressive, lossless; all Huffman coded. */
const FRAME_KINDS: Readonly<Record<number, FrameHeader['kind']>> = {
  192: 'sequential',
  193: 'sequential',
  194: 'progressive',
  195: 'lossless',
};

/** A frame header (ITU-T T.81 B.2.2) of a grey image. */
export interface FrameHeader {
  readonly kind: 'sequential' | 'progressive' | 'lossless';
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly quantisation: number;
}

/** A scan header (T.81 B.2.3) of one component. */
export interface ScanHeader {
  readonly dcTable: number;
  readonly acTable: number;
  /** First coefficient, or the predictor of a lossless scan. */
  readonly start: number;
  readonly end: number;
  /** Successive approximation: bit position before this scan; 0 in a first one. */
  readonly high: number;
  /** Bit position of this scan, or the point transform of a lossless one. */
  readonly low: number;
}

/** One marker segment: its code and its content without the length. */
export interface Segment {
  readonly code: number;
  readonly content: Uint8Array;
  /** The byte after it; entropy-coded data where it is a scan header. */
  readonly end: number;
}

/** The next marker segment at or after a byte; bytes that belong to none, such as the rest of a scan, are passed over. */
export function nextSegment(bytes: Uint8Array, start: number): Segment | undefined {
  let at = start;
  while (at + 1 < bytes.length) {
    const code = bytes[at + 1] as number;
    const isMarker = bytes[at] === 0xff && code >= 0xc0 && code !== 0xff;
    if (!isMarker || (code >= 0xd0 && code <= 0xd7)) {
      at++;
      continue;
    }
    if (code === MARKER.SOI || code === MARKER.EOI)
      return { code, content: bytes.subarray(0, 0), end: at + 2 };
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw corrupt('a marker segment is cut off');
    return { code, content: bytes.subarray(at + 4, end), end };
  }
  return undefined;
}

/** @returns undefined when the segment is not a frame header. @throws CorruptPixelData for a coding that is not read. */
export function readFrameHeader({ code, content }: Segment): FrameHeader | undefined {
  const isFrame = code >= 0xc0 && code <= 0xcf && code !== MARKER.DHT && code !== 0xc8 && code !== 0xcc;
  if (!isFrame) return undefined;
  const kind = FRAME_KINDS[code];
  if (kind === undefined)
    throw corrupt(`its JPEG process (marker FF${code.toString(16).toUpperCase()}) is not read`);
  const [precision = 0, y1 = 0, y0 = 0, x1 = 0, x0 = 0, components = 0, , , quantisation = 0] = content;
  return { kind, precision, rows: (y1 << 8) | y0, columns: (x1 << 8) | x0, components, quantisation };
}

export function readScanHeader({ content }: Segment): ScanHeader {
  const [count, , tables = 0, start = 0, end = 0, approximation = 0] = content;
  if (count !== 1 || content.length < 6)
    throw corrupt('a scan does not hold the one component of a grey image');
  return {
    dcTable: tables >> 4,
    acTable: tables & 15,
    start,
    end,
    high: approximation >> 4,
    low: approximation & 15,
  };
}

/** Huffman tables of one segment, by class << 4 | destination as the file numbers them (T.81 B.2.4.2). */
export function readHuffmanTables({ content }: Segment, into: Map<number, HuffmanTable>): void {
  for (let at = 0; at < content.length; ) {
    const counts = content.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = content.subarray(at + 17, at + 17 + total);
    if (counts.length < 16 || symbols.length < total) throw corrupt('a Huffman table is cut off');
    into.set(content[at] as number, buildHuffmanTable(counts, symbols));
    at += 17 + total;
  }
}

/** Quantisation tables of one segment, by destination, in zigzag order (T.81 B.2.4.1). */
export function readQuantisationTables({ content }: Segment, into: Map<number, Uint16Array>): void {
  for (let at = 0; at < content.length; ) {
    const head = content[at] as number;
    const wide = head >> 4 !== 0;
    const size = wide ? 128 : 64;
    const raw = content.subarray(at + 1, at + 1 + size);
    if (raw.length < size) throw corrupt('a quantisation table is cut off');
    const table = Uint16Array.from({ length: 64 }, (_, n) =>
      wide ? ((raw[2 * n] as number) << 8) | (raw[2 * n + 1] as number) : (raw[n] as number),
    );
    into.set(head & 15, table);
    at += 1 + size;
  }
}
