import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../../src/contracts/errors.ts';
import { prepareCodecs } from '../../../../../src/imaging/dicom/codecs/prepare-codecs.ts';
import { WasmCodec } from '../../../../../src/imaging/dicom/codecs/wasm-module.ts';
import type { PixelLayout } from '../../../../../src/imaging/dicom/slice.ts';
import { decodeFrame } from '../../../../../src/imaging/dicom/stored-pixels.ts';
import { encodeFrame } from './encode-frames.ts';

const FAMILIES = [
  { family: 'jpeg-ls', uid: '1.2.840.10008.1.2.4.80' },
  { family: 'jpeg-2000', uid: '1.2.840.10008.1.2.4.90' },
  { family: 'htj2k', uid: '1.2.840.10008.1.2.4.201' },
] as const;
const LAYOUT: PixelLayout = {
  rows: 41,
  columns: 53,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  signed: true,
};
const COUNT = LAYOUT.rows * LAYOUT.columns;

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

/** A smooth image with an edge, over the whole range of the layout. */
function testPixels({ bitsStored, signed }: PixelLayout): number[] {
  const range = 2 ** bitsStored - 1;
  const low = signed ? -(2 ** (bitsStored - 1)) : 0;
  return Array.from({ length: COUNT }, (_, n) => {
    const edge = n % LAYOUT.columns > 30 ? 0.5 : 0;
    return low + Math.floor((((n / COUNT) * 0.5 + edge) * range) % range);
  });
}

describe.each(FAMILIES)('$family frames', ({ family, uid }) => {
  let frame: Uint8Array;
  const decode = (bytes: Uint8Array, layout = LAYOUT) =>
    decodeFrame({ transferSyntaxUid: uid, layout, parts: [bytes] });

  beforeAll(async () => {
    frame = await encodeFrame(family, testPixels(LAYOUT), LAYOUT);
  });

  it('need their codec to be prepared in this thread', () => {
    expect(() => decode(frame)).toThrow('await prepareCodecs()');
    expect(codeOf(() => decode(frame))).toBe('InternalError');
  });

  it.each([
    { bitsAllocated: 8, bitsStored: 8, signed: false },
    { bitsAllocated: 16, bitsStored: 12, signed: false },
    { bitsAllocated: 16, bitsStored: 16, signed: false },
    { bitsAllocated: 16, bitsStored: 16, signed: true },
  ])('of $bitsStored bits (signed: $signed) come back exactly', async (packing) => {
    await prepareCodecs([uid]);
    const layout = { ...LAYOUT, ...packing, highBit: packing.bitsStored - 1 };
    const pixels = testPixels(layout);
    const encoded = await encodeFrame(family, pixels, layout);
    expect(Array.from(decode(encoded, layout))).toEqual(pixels);
    const parts = [encoded.subarray(0, 100), encoded.subarray(100)];
    expect(Array.from(decodeFrame({ transferSyntaxUid: uid, layout, parts }))).toEqual(pixels);
  });

  it('say nothing on the standard streams', async () => {
    await prepareCodecs([uid]);
    const writes = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write'));
    const logs = (['log', 'error', 'warn', 'info'] as const).map((name) => jest.spyOn(console, name));
    decode(frame);
    codeOf(() => decode(frame.subarray(0, frame.length >> 1)));
    const calls = [...writes, ...logs].map((spy) => spy.mock.calls.length);
    for (const spy of [...writes, ...logs]) spy.mockRestore();
    expect(calls).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it.each([
    { name: 'another number of rows', change: { rows: 40 } },
    { name: 'another number of columns', change: { columns: 54 } },
    { name: 'fewer bits', change: { bitsAllocated: 8, bitsStored: 8, highBit: 7 } },
  ])('are refused when the file says $name', async ({ change }) => {
    await prepareCodecs([uid]);
    expect(codeOf(() => decode(frame, { ...LAYOUT, ...change }))).toBe('CorruptPixelData');
  });

  it('are refused when they have no header', () => {
    expect(codeOf(() => decode(new Uint8Array(200)))).toBe('CorruptPixelData');
    expect(codeOf(() => decode(frame.subarray(0, 12)))).toBe('CorruptPixelData');
  });

  it('cost a code, not the codec, when they are damaged', async () => {
    await prepareCodecs([uid]);
    const expected = testPixels(LAYOUT);
    const damage = fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, (hits) => {
        const bytes = frame.slice();
        for (const [at, value] of hits) bytes[60 + (at % (bytes.length - 60))] = value;
        expect(codeOf(() => decode(bytes))).toMatch(/^(no error|CorruptPixelData|DecompressionBomb)$/);
      }),
      { numRuns: 60 },
    );
    expect(Array.from(decode(frame))).toEqual(expected);
  });

  it('are refused before decoding when a few bytes claim a huge image', async () => {
    await prepareCodecs([uid]);
    const claimed = { ...LAYOUT, rows: 60_000, columns: 60_000 };
    const bytes = claimSize(frame, family, claimed);
    const started = process.cpuUsage();
    expect(codeOf(() => decode(bytes, claimed))).toBe('DecompressionBomb');
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });
});

/** Writes another size into the header of a frame. */
function claimSize(
  frame: Uint8Array,
  family: string,
  { rows, columns }: { rows: number; columns: number },
): Uint8Array {
  const bytes = frame.slice();
  const view = new DataView(bytes.buffer);
  if (family === 'jpeg-ls') {
    const sof = Buffer.from(bytes.buffer).indexOf(Buffer.from([0xff, 0xf7]));
    view.setUint16(sof + 5, rows);
    view.setUint16(sof + 7, columns);
    return bytes;
  }
  const siz = Buffer.from(bytes.buffer).indexOf(Buffer.from([0xff, 0x51])) + 4;
  view.setUint32(siz + 2, columns);
  view.setUint32(siz + 6, rows);
  view.setUint32(siz + 18, columns);
  view.setUint32(siz + 22, rows);
  return bytes;
}

describe('JPEG 2000 headers', () => {
  const decode = (bytes: Uint8Array) =>
    decodeFrame({ transferSyntaxUid: '1.2.840.10008.1.2.4.90', layout: LAYOUT, parts: [bytes] });

  const markerAt = (frame: Uint8Array, low: number) =>
    Buffer.from(frame.buffer).indexOf(Buffer.from([0xff, low]));

  it.each([
    { name: 'no tile size', width: 0, why: 'tiles; allowed are' },
    { name: 'tiles of one pixel', width: 1, why: '1 of its 2173 tiles are there' },
  ])('with $name are refused before anything is allocated', async ({ width, why }) => {
    const frame = await encodeFrame('jpeg-2000', testPixels(LAYOUT), LAYOUT);
    const view = new DataView(frame.buffer);
    view.setUint32(markerAt(frame, 0x51) + 22, width);
    view.setUint32(markerAt(frame, 0x51) + 26, width);
    expect(codeOf(() => decode(frame))).toBe('CorruptPixelData');
    expect(() => decode(frame)).toThrow(why);
  });

  it('in a JP2 file are found', async () => {
    await prepareCodecs(['1.2.840.10008.1.2.4.90']);
    const pixels = testPixels(LAYOUT);
    const signature = Buffer.from('0000000c6a5020200d0a870a00000014667479706a703220', 'hex');
    const frame = await encodeFrame('jpeg-2000', pixels, LAYOUT);
    expect(Array.from(decode(Buffer.concat([signature, frame])))).toEqual(pixels);
  });

  it('of a codestream that is cut off anywhere are refused, though a decoder would blur over it', async () => {
    await prepareCodecs(['1.2.840.10008.1.2.4.90']);
    const frame = await encodeFrame('jpeg-2000', testPixels(LAYOUT), LAYOUT);
    for (let length = 0; length < frame.length - 2; length += 7) {
      expect(codeOf(() => decode(frame.subarray(0, length)))).toBe('CorruptPixelData');
    }
  });

  it.each([0, 1, 2])('with precincts of 2^%i pixels are refused when they are too many', async (exponent) => {
    const large = { ...LAYOUT, rows: 2000, columns: 2000 };
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0]),
      Buffer.from(new Uint32Array([2000, 2000, 0, 0, 2000, 2000, 0, 0]).buffer).swap32(),
      Buffer.from([0, 1, 15, 1, 1]),
      Buffer.from([0xff, 0x52, 0, 13, 1, 0, 0, 1, 0, 0, 4, 4, 0, 1, exponent * 17]),
    ]);
    const run = () =>
      decodeFrame({ transferSyntaxUid: '1.2.840.10008.1.2.4.90', layout: large, parts: [bytes] });
    expect(codeOf(run)).toBe('CorruptPixelData');
    expect(run).toThrow('precincts; allowed are 66596');
  });

  it('with a coding style that is cut off are refused', async () => {
    const frame = await encodeFrame('jpeg-2000', testPixels(LAYOUT), LAYOUT);
    const at = markerAt(frame, 0x52);
    new DataView(frame.buffer).setUint8(at + 4, 1);
    expect(() => decode(frame)).toThrow('JPEG 2000 header is cut off');
  });
});

describe('prepareCodecs', () => {
  it('loads nothing for syntaxes that need no codec, and each codec once', async () => {
    await expect(prepareCodecs(['1.2.840.10008.1.2', '1.2.840.10008.1.2.5'])).resolves.toBeUndefined();
    const uids = FAMILIES.map(({ uid }) => uid);
    await Promise.all([prepareCodecs(uids), prepareCodecs(uids)]);
  });

  it.each([
    { name: 'whose package is not there', loader: () => Promise.reject(new Error('not there')) },
    { name: 'whose module is not there', loader: async () => ({ default: () => undefined }) },
  ])('tells of a codec $name', async ({ loader }) => {
    const codec = WasmCodec.load({ loader, wasm: '@nobody/codec-none/wasm', decoder: 'Decoder' });
    await expect(codec).rejects.toMatchObject({
      code: 'ConfigurationError',
      message: expect.stringContaining('@nobody/codec-none/wasm'),
    });
  });

  it('refuses an unknown transfer syntax', async () => {
    await expect(prepareCodecs(['1.2.3'])).rejects.toMatchObject({ code: 'UnsupportedTransferSyntax' });
  });
});
