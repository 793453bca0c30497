/** Small valid images, one per way of storing pixels, for the fuzzer to damage. */

import { DEFLATED_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN } from '../helpers/dicom-elements.ts';
import {
  ctSlice,
  type Element,
  encapsulate,
  IMPLICIT_LITTLE_ENDIAN,
  RLE_LOSSLESS,
} from '../helpers/dicom-writer.ts';
import { type AcquiredSlice, type Acquisition, acquisitionNamed, asEnhanced } from '../truth/acquisition.ts';
import { shapesOf } from '../truth/shapes.ts';
import { writeEnhanced } from '../truth/write-images.ts';
import { writeSegmentation } from '../truth/write-segmentation.ts';
import { encodeFrame } from '../unit/imaging/dicom/codecs/encode-frames.ts';
import { writeFlatJpeg, writeLosslessJpeg } from '../unit/imaging/dicom/codecs/write-jpeg.ts';

const [COLUMNS, ROWS] = [16, 16];
const PIXELS = Array.from({ length: COLUMNS * ROWS }, (_, at) => (at * 37) % 4000);
const LAYOUT = {
  rows: ROWS,
  columns: COLUMNS,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  signed: false,
};

function slice(more: Partial<Parameters<typeof ctSlice>[0]> = {}): Uint8Array {
  return ctSlice({
    columns: COLUMNS,
    rows: ROWS,
    pixels: PIXELS,
    position: [0, 0, 0],
    signed: false,
    ...more,
  });
}

function compressed(transferSyntaxUid: string, frame: Uint8Array): Uint8Array {
  const pixels: Element = { tag: '7fe00010', vr: 'OB', value: encapsulate([frame]) };
  return slice({ transferSyntaxUid, changes: { '7fe00010': pixels } });
}

/** Two segments: every byte of the frame the same, high bytes first (PS3.5 Annex G). */
function rleFrame(): Uint8Array {
  const header = new Uint8Array(64);
  new DataView(header.buffer).setUint32(0, 2, true);
  new DataView(header.buffer).setUint32(4, 64, true);
  new DataView(header.buffer).setUint32(8, 68, true);
  const runs = Uint8Array.of(129, 1, 129, 1, 129, 7, 129, 7);
  return Uint8Array.from([...header, ...runs]);
}

/** Three slices of a series, cut down to 8 x 8 at the edge of the sphere, so that its segment is neither empty nor full. */
export function tinyAcquisition(): Acquisition {
  const acquisition = acquisitionNamed('axial');
  const slices = acquisition.slices.slice(21, 24).map((slice): AcquiredSlice => {
    const [, , w] = slice.originUvw;
    return { ...slice, originUvw: [31.5, -4.5, w] };
  });
  return { ...acquisition, columns: 8, rows: 8, slices };
}

export async function imageSeeds(): Promise<Uint8Array[]> {
  const lossless = { rows: ROWS, columns: COLUMNS, precision: 12 };
  const flat = { rows: ROWS, columns: COLUMNS, blocks: [10, 20, 30, 40] };
  return [
    slice(),
    slice({ transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN }),
    slice({ transferSyntaxUid: EXPLICIT_BIG_ENDIAN }),
    slice({ transferSyntaxUid: DEFLATED_LITTLE_ENDIAN }),
    slice({ bitsStored: 12, padding: 0 }),
    compressed(RLE_LOSSLESS, rleFrame()),
    compressed('1.2.840.10008.1.2.4.70', writeLosslessJpeg(PIXELS, lossless)),
    compressed('1.2.840.10008.1.2.4.51', writeFlatJpeg({ ...flat, precision: 12 })),
    compressed('1.2.840.10008.1.2.4.80', await encodeFrame('jpeg-ls', PIXELS, LAYOUT)),
    compressed('1.2.840.10008.1.2.4.90', await encodeFrame('jpeg-2000', PIXELS, LAYOUT)),
    compressed('1.2.840.10008.1.2.4.201', await encodeFrame('htj2k', PIXELS, LAYOUT)),
    writeEnhanced(asEnhanced(tinyAcquisition())),
  ];
}

export function segmentationSeeds(): Uint8Array[] {
  const acquisition = tinyAcquisition();
  const shapes = shapesOf(acquisition).filter(({ name }) =>
    ['sphere', 'nested rings', 'ellipsoid'].includes(name),
  );
  return [writeSegmentation(acquisition, shapes), writeSegmentation(acquisition, shapes.slice(0, 1))];
}
