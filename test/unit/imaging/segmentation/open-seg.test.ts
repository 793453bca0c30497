import { describe, expect, test } from '@jest/globals';
import type { ByteRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import { DEFLATED_LITTLE_ENDIAN, RLE_LOSSLESS } from '../../../helpers/dicom-elements.ts';
import { drawRegions, stackTarget } from './draw-regions.ts';
import { rleFrame, type SegSpec, segFile } from './seg-file.ts';

const MIB = 1 << 20;

/** Ranges over one piece of memory that every read overwrites, as a file's are; counts what was read. */
function fileRanges(
  bytes: Uint8Array,
): ByteRanges & { readonly read: ByteRanges['read']; bytesRead: number } {
  const memory = new Uint8Array(bytes.length);
  const ranges = {
    size: bytes.length,
    bytesRead: 0,
    read: (offset: number, length: number) => {
      ranges.bytesRead += length;
      expect(offset + length).toBeLessThanOrEqual(bytes.length);
      memory.fill(0xff, length, length + 4096);
      memory.set(bytes.subarray(offset, offset + length));
      return memory.subarray(0, length);
    },
  };
  return ranges;
}

/** One pixel in each of many frames. */
function sparse(frames: number, change: Partial<SegSpec> = {}): Uint8Array {
  return segFile({
    columns: 3,
    rows: 3,
    frames: Array.from({ length: frames }, (_, k) => ({
      pixels: Array.from({ length: 9 }, (_pixel, at) => (at === k % 9 ? 1 : 0)),
      position: [0, 0, k] as const,
      source: `1.2.826.0.1.3680043.10.77.1234567890.1234567890.${k}`,
    })),
    ...change,
  });
}

function drawAll(ranges: ByteRanges, slices: number): readonly string[] {
  const sopInstanceUids = Array.from(
    { length: slices },
    (_, k) => `1.2.826.0.1.3680043.10.77.1234567890.1234567890.${k}`,
  );
  const target = stackTarget({ sizeIjk: [3, 3, slices], sopInstanceUids });
  return drawRegions(parseSeg(ranges), target).flatMap(({ voxels }) => voxels);
}

/** An overlay of three megabytes in front of the pixels. */
const LONG_HEAD = { '60003000': { tag: '60003000', vr: 'OW', value: new Uint8Array(3 * MIB) } } as const;

const pixelOf = (k: number) => `${k % 3} ${Math.floor((k % 9) / 3)} ${k}`;

describe('an open file', () => {
  test('is read up to its pixels, however much comes before them', () => {
    const bytes = sparse(20, { changes: LONG_HEAD });
    expect(bytes.length).toBeGreaterThan(3 * MIB);
    expect(drawAll(fileRanges(bytes), 20)).toEqual(Array.from({ length: 20 }, (_, k) => pixelOf(k)));
  });

  test('keeps its pixels out of memory', () => {
    const side = 4096;
    const empty = Array.from({ length: 4 }, (_, k) => ({ pixels: [], position: [0, 0, k] as const }));
    const pixels = new Uint8Array((4 * side * side) / 8);
    pixels[0] = 1;
    const changes = { '7fe00010': { tag: '7fe00010', vr: 'OB', value: pixels } } as const;
    const bytes = segFile({ columns: side, rows: side, frames: empty, changes });
    expect(bytes.length).toBeGreaterThan(8 * MIB);
    const ranges = fileRanges(bytes);
    parseSeg(ranges);
    // The head, and the first frame, which has a pixel.
    expect(ranges.bytesRead).toBeLessThan(4 * MIB);
  });

  test.each([
    ['deflated', { write: { transferSyntaxUid: DEFLATED_LITTLE_ENDIAN } }],
    [
      'compressed',
      {
        type: 'FRACTIONAL',
        fragments: Array.from({ length: 20 }, (_, k) =>
          rleFrame(Uint8Array.from({ length: 9 }, (_pixel, at) => (at === k % 9 ? 255 : 0))),
        ),
        write: { transferSyntaxUid: RLE_LOSSLESS },
      },
    ],
  ] as const)('that is %s is read as a whole', (_, change) => {
    const voxels = drawAll(fileRanges(sparse(20, change)), 20);
    expect(voxels).toEqual(Array.from({ length: 20 }, (_voxel, k) => pixelOf(k)));
  });

  test('that says it holds more than it does is refused', () => {
    const bytes = sparse(20, { changes: LONG_HEAD });
    expect(() => parseSeg(fileRanges(bytes.subarray(0, 2 * MIB)))).toThrow(
      expect.objectContaining({ code: 'TruncatedDicom' }),
    );
  });
});
