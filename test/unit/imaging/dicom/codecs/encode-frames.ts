import { createRequire } from 'node:module';
import type { PixelLayout } from '../../../../../src/imaging/dicom/slice.ts';

/** The encoders that the codec packages bring beside the decoders that the product uses. */
interface WasmEncoder {
  getDecodedBuffer(image: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setDecompositions?(count: number): void;
  setQuality?(reversible: boolean, quality: number): void;
  encode(): void;
  delete(): void;
}

const ENCODERS = {
  'jpeg-ls': { module: '@cornerstonejs/codec-charls/wasmjs', encoder: 'JpegLSEncoder' },
  'jpeg-2000': { module: '@cornerstonejs/codec-openjpeg/wasmjs', encoder: 'J2KEncoder' },
  htj2k: { module: '@cornerstonejs/codec-openjph/wasmjs', encoder: 'HTJ2KEncoder' },
} as const;

/** Compresses one grey frame without loss. */
export async function encodeFrame(
  family: keyof typeof ENCODERS,
  pixels: ArrayLike<number>,
  { rows, columns, bitsAllocated, bitsStored, signed }: PixelLayout,
): Promise<Uint8Array> {
  const { module, encoder } = ENCODERS[family];
  const silent = () => undefined;
  const loaded = await createRequire(import.meta.url)(module)({ print: silent, printErr: silent });
  const coder: WasmEncoder = new loaded[encoder]();
  const samples = bitsAllocated === 8 ? Uint8Array.from(pixels) : Uint16Array.from(pixels);
  coder
    .getDecodedBuffer({
      width: columns,
      height: rows,
      bitsPerSample: bitsStored,
      componentCount: 1,
      isSigned: signed,
      isUsingColorTransform: false,
    })
    .set(new Uint8Array(samples.buffer));
  coder.setDecompositions?.(2);
  coder.setQuality?.(true, 0);
  coder.encode();
  const encoded = coder.getEncodedBuffer().slice();
  coder.delete();
  return encoded;
}
