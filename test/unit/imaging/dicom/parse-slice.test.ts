import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { parseSlices } from '../../../../src/imaging/dicom/parse-slice.ts';
import type { Slice } from '../../../../src/imaging/dicom/slice.ts';
import { decodeFrame } from '../../../../src/imaging/dicom/stored-pixels.ts';
import {
  ctSlice,
  type Element,
  IMPLICIT_LITTLE_ENDIAN,
  rtStruct,
  samples16,
} from '../../../helpers/dicom-writer.ts';

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

function remove(tag: string): { changes: Record<string, undefined> } {
  return { changes: { [tag]: undefined } };
}

/** The only slice of a classic file. */
function parseSlice(bytes: Uint8Array): Slice {
  const [slice] = parseSlices(bytes);
  return slice as Slice;
}

describe('parseSlices', () => {
  it.each(['1.2.840.10008.1.2.1', IMPLICIT_LITTLE_ENDIAN])(
    'reads plane, values and identity in %s',
    (transferSyntaxUid) => {
      const bytes = ctSlice({
        ...BASE,
        pixelSpacing: [0.8, 0.5],
        rescale: [2, -1024],
        padding: -2000,
        transferSyntaxUid,
      });
      const slice = parseSlice(bytes);
      expect(Array.from(decodeFrame(slice.encoded))).toEqual(PIXELS);
      expect(slice).toMatchObject({
        transferSyntaxUid,
        columns: 3,
        rows: 2,
        positionLps: [1.5, -2, 3],
        rowCosinesLps: [1, 0, 0],
        columnCosinesLps: [0, 1, 0],
        pixelSpacingMm: [0.8, 0.5],
        rescale: { slope: 2, intercept: -1024, fromFile: true },
        paddingStored: { low: -2000, high: -2000 },
        modality: 'CT',
        sliceThicknessMm: 2,
      });
    },
  );

  it('reads unsigned samples and drops bits above BitsStored', () => {
    const pixels = [0xf001, 0x0fff, 0x1234, 0, 1, 2];
    const slice = parseSlice(ctSlice({ ...BASE, pixels, signed: false, bitsStored: 12 }));
    expect(Array.from(decodeFrame(slice.encoded))).toEqual([0x001, 0xfff, 0x234, 0, 1, 2]);
  });

  it('extends the sign of 12-bit samples', () => {
    const slice = parseSlice(ctSlice({ ...BASE, pixels: [0x0fff, 0x0800, 0x07ff, 0, 1, 2], bitsStored: 12 }));
    expect(Array.from(decodeFrame(slice.encoded))).toEqual([-1, -2048, 2047, 0, 1, 2]);
  });

  it.each([
    { bits: 8, signed: 0, bytes: Uint8Array.of(255, 1, 2, 3, 4, 5), values: [255, 1, 2, 3, 4, 5] },
    { bits: 8, signed: 1, bytes: Uint8Array.of(255, 1, 2, 3, 4, 5), values: [-1, 1, 2, 3, 4, 5] },
    {
      bits: 32,
      signed: 1,
      bytes: new Uint8Array(Int32Array.of(-7, 70000, 2, 3, 4, 5).buffer),
      values: [-7, 70000, 2, 3, 4, 5],
    },
    {
      bits: 32,
      signed: 0,
      bytes: new Uint8Array(Uint32Array.of(4e9, 70000, 2, 3, 4, 5).buffer),
      values: [4e9, 70000, 2, 3, 4, 5],
    },
  ])('reads $bits-bit samples, signed $signed', ({ bits, signed, bytes, values }) => {
    const changes = {
      '00280100': { tag: '00280100', vr: 'US', value: bits } as const,
      '00280101': { tag: '00280101', vr: 'US', value: bits } as const,
      '00280102': { tag: '00280102', vr: 'US', value: bits - 1 } as const,
      '00280103': { tag: '00280103', vr: 'US', value: signed } as const,
      '7fe00010': { tag: '7fe00010', vr: 'OB', value: bytes } as const,
    };
    expect(Array.from(decodeFrame(parseSlice(ctSlice({ ...BASE, changes })).encoded))).toEqual(values);
  });

  it('reads from a Buffer at any offset and leaves it as it was', () => {
    const bytes = ctSlice({ ...BASE, pixels: PIXELS.map((value) => value | 0x4000), bitsStored: 12 });
    for (let offset = 0; offset < 4; offset++) {
      const buffer = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset);
      const slice = parseSlice(buffer);
      expect(Array.from(decodeFrame(slice.encoded))).toEqual(
        Array.from(decodeFrame(parseSlice(bytes).encoded)),
      );
      expect(Buffer.compare(buffer, bytes)).toBe(0);
    }
  });

  it('reads from a view into a larger buffer at an odd offset', () => {
    const bytes = ctSlice(BASE);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(Array.from(decodeFrame(parseSlice(shifted.subarray(1)).encoded))).toEqual(PIXELS);
  });

  it('refuses an unknown transfer syntax and names it', () => {
    const bytes = ctSlice({ ...BASE, transferSyntaxUid: '1.2.3.4' });
    expect(codeOf(() => parseSlices(bytes))).toBe('UnsupportedTransferSyntax');
    expect(() => parseSlices(bytes)).toThrow(
      '"1.2.3.4" cannot be read; readable are Implicit VR Little Endian',
    );
  });

  it.each([
    { name: 'colour', code: 'ColourImage', element: { tag: '00280002', vr: 'US', value: 3 } as const },
    {
      name: 'a palette',
      code: 'ColourImage',
      element: { tag: '00280004', vr: 'CS', value: 'PALETTE COLOR' } as const,
    },
    {
      name: 'several frames without functional groups',
      code: 'UnsupportedImage',
      element: { tag: '00280008', vr: 'IS', value: '4' } as const,
    },
    {
      name: 'half a frame',
      code: 'UnsupportedImage',
      element: { tag: '00280008', vr: 'IS', value: '0' } as const,
    },
    {
      name: 'a localizer',
      code: 'Localizer',
      element: { tag: '00080008', vr: 'CS', value: 'ORIGINAL\\PRIMARY\\LOCALIZER' } as const,
    },
    {
      name: 'a segmentation',
      code: 'UnsupportedImage',
      element: { tag: '00080060', vr: 'CS', value: 'SEG' } as const,
    },
    {
      name: 'a dose grid',
      code: 'UnsupportedImage',
      element: { tag: '00080060', vr: 'CS', value: 'RTDOSE' } as const,
    },
    {
      name: 'a modality LUT',
      code: 'UnsupportedImage',
      element: { tag: '00283000', vr: 'SQ', value: [] } as const,
    },
    {
      name: 'no columns',
      code: 'UnsupportedImage',
      element: { tag: '00280011', vr: 'US', value: 0 } as const,
    },
    {
      name: '12 bits allocated',
      code: 'UnsupportedImage',
      element: { tag: '00280100', vr: 'US', value: 12 } as const,
    },
    {
      name: 'a high bit beyond the sample',
      code: 'UnsupportedImage',
      element: { tag: '00280102', vr: 'US', value: 16 } as const,
    },
    {
      name: 'rows too wide for their attribute',
      code: 'MissingAttribute',
      element: { tag: '00280010', vr: 'UL', value: 0x10002 } as const,
    },
  ])('refuses an image with $name', ({ element, code }) => {
    expect(codeOf(() => parseSlice(ctSlice({ ...BASE, ...change(element) })))).toBe(code);
  });

  it.each(['1.2.840.10008.5.1.4.1.1.7', '1.2.840.10008.5.1.4.1.1.7.2'])(
    'refuses a secondary capture (%s) without a place in the patient',
    (sopClassUid) => {
      const changes = {
        '00080016': { tag: '00080016', vr: 'UI', value: sopClassUid },
        '00200032': undefined,
      } as const;
      expect(codeOf(() => parseSlices(ctSlice({ ...BASE, changes })))).toBe('SecondaryCapture');
    },
  );

  it('reads a secondary capture that knows its place', () => {
    const sopClass: Element = { tag: '00080016', vr: 'UI', value: '1.2.840.10008.5.1.4.1.1.7' };
    expect(parseSlice(ctSlice({ ...BASE, ...change(sopClass) })).positionLps).toEqual([1.5, -2, 3]);
  });

  it.each(['00200032', '00200037', '00280030', '00280010', '0020000e', '00080018', '00280004'])(
    'names the missing attribute %s',
    (tag) => {
      const bytes = ctSlice({ ...BASE, ...remove(tag) });
      expect(codeOf(() => parseSlice(bytes))).toBe('MissingAttribute');
      expect(() => parseSlice(bytes)).toThrow(
        `(${tag.slice(0, 4).toUpperCase()},${tag.slice(4).toUpperCase()})`,
      );
    },
  );

  it.each(['1\\2', '1\\x\\3', ''])('treats position "%s" as missing', (value) => {
    const bytes = ctSlice({ ...BASE, ...change({ tag: '00200032', vr: 'DS', value }) });
    expect(codeOf(() => parseSlice(bytes))).toBe('MissingAttribute');
  });

  it('rejects a pixel spacing of zero', () => {
    expect(codeOf(() => parseSlice(ctSlice({ ...BASE, pixelSpacing: [0, 1] })))).toBe(
      'DegenerateOrientation',
    );
  });

  it('takes slope 1 and intercept 0 where the file states none', () => {
    const changes = { '00281052': undefined, '00281053': undefined };
    expect(parseSlice(ctSlice({ ...BASE, changes })).rescale).toEqual({
      slope: 1,
      intercept: 0,
      fromFile: false,
    });
  });

  it('tells an image without or with too little pixel data from a whole one', () => {
    const short: Element = { tag: '7fe00010', vr: 'OW', value: samples16([1, 2, 3]) };
    expect(codeOf(() => parseSlice(ctSlice({ ...BASE, ...change(short) })))).toBe('TruncatedDicom');
    expect(codeOf(() => parseSlice(ctSlice({ ...BASE, ...remove('7fe00010') })))).toBe('TruncatedDicom');
  });

  it.each([
    { name: 'nothing', bytes: new Uint8Array() },
    { name: 'text', bytes: new TextEncoder().encode('not an image'.repeat(50)) },
  ])('refuses $name as not DICOM', ({ bytes }) => {
    expect(codeOf(() => parseSlice(bytes))).toBe('NotDicom');
  });

  it('reports every cut of a file with a code, never a crash', () => {
    const bytes = ctSlice(BASE);
    for (let length = 0; length < bytes.length - 1; length += 3) {
      expect(codeOf(() => parseSlice(bytes.slice(0, length)))).toMatch(
        /^(NotDicom|TruncatedDicom|MissingAttribute)$/,
      );
    }
  });

  it('survives damaged bytes anywhere', () => {
    const files = [
      ctSlice(BASE),
      ctSlice({ ...BASE, transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN }),
      rtStruct({ rois: [] }),
    ];
    const damage = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...files), damage, (file, hits) => {
        const bytes = file.slice();
        for (const [at, value] of hits) bytes[132 + (at % (bytes.length - 132))] = value;
        codeOf(() => decodeFrame(parseSlice(bytes).encoded));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses sequences nested without end', () => {
    const open = [
      0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff,
      0xff, 0xff,
    ];
    const header = ctSlice({ ...BASE, changes: {} }).subarray(0, 132 + 12 + 28);
    const bomb = Uint8Array.from([...header, ...Array.from({ length: 30_000 }, () => open).flat()]);
    expect(codeOf(() => parseSlice(bomb))).toMatch(/^(TruncatedDicom|MissingAttribute)$/);
  });
});
