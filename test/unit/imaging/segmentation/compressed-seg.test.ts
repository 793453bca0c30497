import { createRequire } from 'node:module';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { prepareCodecs } from '../../../../src/imaging/dicom/codecs/prepare-codecs.ts';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import { drawRegions, stackTarget } from './draw-regions.ts';
import { packBits, type SegSpec, segFile, segment } from './seg-file.ts';

const JPEG_LS = '1.2.840.10008.1.2.4.80';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';
const SIDE = 67;
const TARGET = stackTarget({ sizeIjk: [SIDE, SIDE, 2] });

interface Encoder {
  getDecodedBuffer(frame: object): Uint8Array;
  setQuality?(lossless: boolean, quality: number): void;
  setNearLossless?(error: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}
type Encode = (values: readonly number[], bits: number) => Uint8Array;

async function openEncoder(name: string, type: string): Promise<Encode> {
  const start = createRequire(import.meta.url)(name) as (
    settings: object,
  ) => Promise<Record<string, new () => Encoder>>;
  const Type = (await start({ print: () => {}, printErr: () => {} }))[type] as new () => Encoder;
  return (values, bits) => {
    const encoder = new Type();
    const frame = { width: SIDE, height: SIDE, bitsPerSample: bits, componentCount: 1, isSigned: false };
    const bytes = bits > 8 ? new Uint8Array(Uint16Array.from(values).buffer) : Uint8Array.from(values);
    encoder.getDecodedBuffer({ ...frame, isUsingColorTransform: false }).set(bytes);
    encoder.setQuality?.(true, 0);
    encoder.setNearLossless?.(0);
    encoder.encode();
    return encoder.getEncodedBuffer().slice();
  };
}

/** Two frames of a disc in the given value. */
function discs(value: number): number[][] {
  return [14, 27].map((radius) =>
    Array.from({ length: SIDE * SIDE }, (_, at) => {
      const [x, y] = [(at % SIDE) - 33, Math.floor(at / SIDE) - 33];
      return x * x + y * y < radius * radius ? value : 0;
    }),
  );
}

function voxels(spec: Omit<SegSpec, 'rows' | 'columns'>): readonly string[] {
  const set = parseSeg(memoryRanges(segFile({ rows: SIDE, columns: SIDE, ...spec })));
  return drawRegions(set, TARGET).flatMap((region) => region.voxels);
}

function framesOf(values: readonly number[][]): SegSpec['frames'] {
  return values.map((pixels, k) => ({ pixels, position: [0, 0, k] as const }));
}

describe('compressed frames', () => {
  const expected = voxels({ frames: framesOf(discs(1)) });
  let encoders: Readonly<Record<string, Encode>>;
  beforeAll(async () => {
    await prepareCodecs([JPEG_LS, JPEG_2000]);
    encoders = {
      [JPEG_LS]: await openEncoder('@cornerstonejs/codec-charls/wasmjs', 'JpegLSEncoder'),
      [JPEG_2000]: await openEncoder('@cornerstonejs/codec-openjpeg/wasmjs', 'J2KEncoder'),
    };
  });

  test.each([JPEG_LS, JPEG_2000])('in %s are decoded: fractions and labels', (transferSyntaxUid) => {
    const encode = encoders[transferSyntaxUid] as Encode;
    const packed = (value: number, bits: number) => ({
      frames: framesOf(discs(value)),
      fragments: discs(value).map((pixels) => encode(pixels, bits)),
      write: { transferSyntaxUid },
    });
    expect(voxels({ type: 'FRACTIONAL', ...packed(255, 8) })).toEqual(expected);
    expect(voxels({ type: 'LABELMAP', segments: [segment(77, 'x')], ...packed(77, 8) })).toEqual(expected);
    expect(
      voxels({ type: 'LABELMAP', bits: 16, segments: [segment(4000, 'x')], ...packed(4000, 16) }),
    ).toEqual(expected);
  });

  test('of one bit are decoded from JPEG 2000', () => {
    const encode = encoders[JPEG_2000] as Encode;
    const fragments = discs(1).map((pixels) => encode(pixels, 8));
    expect(
      voxels({ frames: framesOf(discs(1)), fragments, write: { transferSyntaxUid: JPEG_2000 } }),
    ).toEqual(expected);
  });

  test.each([
    ['bits', (values: readonly number[]) => packBits(values)],
    ['bytes', (values: readonly number[]) => Uint8Array.from(values)],
  ])('of one bit are inflated from %s', (_, pack) => {
    const fragments = discs(1).map((pixels) => new Uint8Array(deflateRawSync(pack(pixels))));
    const spec = { frames: framesOf(discs(1)), fragments, write: { transferSyntaxUid: DEFLATED_FRAMES } };
    expect(voxels(spec)).toEqual(expected);
  });

  test('may each have an 8-bit cell for their one bit', () => {
    const fragments = discs(1).map((pixels) => new Uint8Array(deflateRawSync(Uint8Array.from(pixels))));
    const spec = {
      bits: 8,
      frames: framesOf(discs(1)),
      fragments,
      write: { transferSyntaxUid: DEFLATED_FRAMES },
    };
    expect(voxels(spec)).toEqual(expected);
  });
});
