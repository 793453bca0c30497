import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../../../src/contracts/errors.ts';
import { parseSlices } from '../../../../../src/imaging/dicom/parse-slice.ts';
import type { Slice } from '../../../../../src/imaging/dicom/slice.ts';
import { decodeFrame } from '../../../../../src/imaging/dicom/stored-pixels.ts';
import { ctSlice, type Element, encapsulate, RLE_LOSSLESS } from '../../../../helpers/dicom-writer.ts';

const PIXELS = [-1000, 0, 1, 2, 300, 32767];
const BASE = { columns: 3, rows: 2, pixels: PIXELS, position: [1.5, -2, 3] as const };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

function change(element: Element): { changes: Record<string, Element> } {
  return { changes: { [element.tag]: element } };
}

/** The only slice of a classic file. */
function parseSlice(bytes: Uint8Array): Slice {
  const [slice] = parseSlices(bytes);
  return slice as Slice;
}

describe('RLE frames', () => {
  it('decodes RLE frames of literal and repeated runs, split over fragments', () => {
    const frame = rleFrame(PIXELS);
    const pixelData: Element = {
      tag: '7fe00010',
      vr: 'OB',
      value: encapsulate([frame.subarray(0, 70), frame.subarray(70)]),
    };
    const slice = parseSlice(ctSlice({ ...BASE, transferSyntaxUid: RLE_LOSSLESS, ...change(pixelData) }));
    expect(Array.from(decodeFrame(slice.encoded))).toEqual(PIXELS);
  });

  it.each([
    { name: 'a short header', frame: new Uint8Array(10) },
    { name: 'a segment too few', frame: Uint8Array.of(1, ...new Uint8Array(80)) },
    {
      name: 'offsets out of order',
      frame: Uint8Array.of(2, 0, 0, 0, 90, 0, 0, 0, 64, ...new Uint8Array(80)),
    },
    { name: 'a segment that ends early', frame: rleFrame(PIXELS).subarray(0, 68) },
  ])('rejects an RLE frame with $name', ({ frame }) => {
    const pixelData: Element = { tag: '7fe00010', vr: 'OB', value: encapsulate([frame]) };
    const slice = parseSlice(ctSlice({ ...BASE, transferSyntaxUid: RLE_LOSSLESS, ...change(pixelData) }));
    expect(codeOf(() => decodeFrame(slice.encoded))).toBe('TruncatedDicom');
  });

  it('refuses an RLE frame that claims gigabytes before it allocates them', () => {
    const changes = {
      '00280010': { tag: '00280010', vr: 'US', value: 65535 } as const,
      '00280011': { tag: '00280011', vr: 'US', value: 65535 } as const,
      '7fe00010': { tag: '7fe00010', vr: 'OB', value: encapsulate([rleFrame(PIXELS)]) } as const,
    };
    const slice = parseSlice(ctSlice({ ...BASE, transferSyntaxUid: RLE_LOSSLESS, changes }));
    expect(() => decodeFrame(slice.encoded)).toThrow('too short for the image');
  });

  it('rejects encapsulated pixel data without a frame or with a cut-off fragment', () => {
    const empty: Element = { tag: '7fe00010', vr: 'OB', value: encapsulate([]) };
    expect(
      codeOf(() => parseSlice(ctSlice({ ...BASE, transferSyntaxUid: RLE_LOSSLESS, ...change(empty) }))),
    ).toBe('TruncatedDicom');
    const whole: Element = { tag: '7fe00010', vr: 'OB', value: encapsulate([rleFrame(PIXELS)]) };
    const bytes = ctSlice({ ...BASE, transferSyntaxUid: RLE_LOSSLESS, ...change(whole) });
    expect(codeOf(() => parseSlice(bytes.subarray(0, bytes.length - 20)))).toBe('TruncatedDicom');
  });
});

/** One RLE segment per byte plane, high bytes first: a literal run and, where bytes repeat, a repeated one. */
function rleFrame(values: readonly number[]): Uint8Array {
  const low = values.map((value) => value & 0xff);
  const high = values.map((value) => (value >> 8) & 0xff);
  const segments = [pack(high), pack(low)];
  const header = new Uint8Array(64);
  const view = new DataView(header.buffer);
  view.setUint32(0, 2, true);
  view.setUint32(4, 64, true);
  view.setUint32(8, 64 + (segments[0]?.length ?? 0), true);
  return Uint8Array.from([...header, ...segments.flat()]);
}

function pack(bytes: readonly number[]): number[] {
  const [first = 0, ...rest] = bytes;
  const repeats = rest.findIndex((byte) => byte !== first);
  const run = 1 + (repeats < 0 ? rest.length : repeats);
  const literal = bytes.slice(run);
  const head = run > 1 ? [257 - run, first] : [0, first];
  const packed = [128, ...head, ...(literal.length > 0 ? [literal.length - 1, ...literal] : [])];
  return packed.length % 2 === 0 ? packed : [...packed, 0];
}
