import { createRequire } from 'node:module';
import { type Element, encapsulate } from '../../helpers/dicom-elements.ts';
import { ctSlice } from '../../helpers/dicom-writer.ts';
import { COLUMNS, ROWS, type StoredSlice, sliceOf, writeCtSeries } from './ct-series.ts';

const CODECS = {
  'jpeg-2000': {
    package: '@cornerstonejs/codec-openjpeg/wasmjs',
    encoder: 'J2KEncoder',
    transferSyntaxUid: '1.2.840.10008.1.2.4.90',
    lossless: (encoder: Encoder) => encoder.setQuality?.(true, 0),
  },
  'jpeg-ls': {
    package: '@cornerstonejs/codec-charls/wasmjs',
    encoder: 'JpegLSEncoder',
    transferSyntaxUid: '1.2.840.10008.1.2.4.80',
    lossless: (encoder: Encoder) => encoder.setNearLossless?.(0),
  },
} as const;
export type Codec = keyof typeof CODECS;

interface Encoder {
  getDecodedBuffer(frame: object): Uint8Array;
  setQuality?(lossless: boolean, quality: number): void;
  setNearLossless?(error: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
}

/** The CT series of the bench, its frames packed without loss. */
export async function writeCompressedSeries(folder: string, codec: Codec): Promise<void> {
  const { transferSyntaxUid } = CODECS[codec];
  const encode = await openEncoder(codec);
  await writeCtSeries(folder, (pixels, k) => {
    const value = encapsulate([encode(pixels)]);
    const frame: Element = { tag: '7fe00010', vr: 'OB', value };
    return ctSlice({ ...sliceOf(pixels, k), transferSyntaxUid, changes: { '7fe00010': frame } });
  });
}

async function openEncoder(codec: Codec): Promise<(pixels: StoredSlice) => Uint8Array> {
  const { package: name, encoder: type, lossless } = CODECS[codec];
  const silent = { print: () => {}, printErr: () => {} };
  const start = createRequire(import.meta.url)(name) as (
    settings: object,
  ) => Promise<Record<string, new () => Encoder>>;
  const module = await start(silent);
  const Type = module[type] as new () => Encoder;
  return (pixels) => {
    const encoder = new Type();
    const frame = { width: COLUMNS, height: ROWS, bitsPerSample: 12, componentCount: 1, isSigned: false };
    encoder.getDecodedBuffer({ ...frame, isUsingColorTransform: false }).set(new Uint8Array(pixels.buffer));
    lossless(encoder);
    encoder.encode();
    const packed = encoder.getEncodedBuffer().slice();
    encoder.delete();
    return packed;
  };
}
