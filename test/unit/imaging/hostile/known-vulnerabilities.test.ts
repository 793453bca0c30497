/**
 * One case for each class of published vulnerability of DICOM and NIfTI readers: what broke others is refused here with a
 * code, at once, and in little memory. The fuzzer (`npm run fuzz`) looks for what nobody has published.
 */
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAim } from '../../../../src/imaging/contour/parse-aim.ts';
import { parseRtstruct } from '../../../../src/imaging/contour/parse-rtstruct.ts';
import { prepareCodecs } from '../../../../src/imaging/dicom/codecs/prepare-codecs.ts';
import { parseSlices } from '../../../../src/imaging/dicom/parse-slice.ts';
import { decodeFrame } from '../../../../src/imaging/dicom/stored-pixels.ts';
import { parseLabelMap } from '../../../../src/imaging/mask/label-map.ts';
import { decodeNifti } from '../../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../../src/imaging/nifti/gzip.ts';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import { DEFLATED_LITTLE_ENDIAN, sequence, uid, writeDicom } from '../../../helpers/dicom-elements.ts';
import { ctSlice, type Element, encapsulate, RLE_LOSSLESS, rtStruct } from '../../../helpers/dicom-writer.ts';
import { refusal } from './refused.ts';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';
const JPEG_LS = '1.2.840.10008.1.2.4.80';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const HTJ2K = '1.2.840.10008.1.2.4.201';

const BASE = { columns: 2, rows: 2, pixels: [1, 2, 3, 4], position: [0, 0, 0] } as const;
const changed = (...elements: Element[]) =>
  ctSlice({ ...BASE, changes: Object.fromEntries(elements.map((element) => [element.tag, element])) });
const decodeAll = (bytes: Uint8Array) => parseSlices(bytes).map(({ encoded }) => decodeFrame(encoded));

/** A single-frame image whose compressed frame is `frame`. */
function compressed(
  transferSyntaxUid: string,
  frame: readonly number[],
  more: readonly Element[] = [],
): Uint8Array {
  const pixels: Element = { tag: '7fe00010', vr: 'OB', value: encapsulate([Uint8Array.from(frame)]) };
  const changes = Object.fromEntries([pixels, ...more].map((element) => [element.tag, element]));
  return ctSlice({ ...BASE, signed: false, transferSyntaxUid, changes });
}

function niftiHeader(dims: readonly number[], datatype = 4): Uint8Array {
  const bytes = new Uint8Array(352);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  dims.forEach((size, at) => {
    view.setInt16(40 + 2 * at, size, true);
  });
  view.setInt16(70, datatype, true);
  view.setFloat32(108, 352, true);
  bytes.set(new TextEncoder().encode('n+1'), 344);
  return bytes;
}

describe('decompression bombs', () => {
  it('a gzip member that expands beyond the cap', () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
    expect(refusal(() => gunzipBounded(bomb, 1024 * 1024))).toMatch(/^(DecompressionBomb|VolumeTooLarge)$/);
  });

  it('a deflated data set that expands a thousandfold', () => {
    const zeros: Element = { tag: '00091010', vr: 'OB', value: new Uint8Array(48 * 1024 * 1024) };
    const file = ctSlice({
      ...BASE,
      transferSyntaxUid: DEFLATED_LITTLE_ENDIAN,
      changes: { '00091010': zeros, '7fe00010': undefined },
    });
    expect(file.length).toBeLessThan(100_000);
    expect(refusal(() => decodeAll(file))).toMatch(/^(DecompressionBomb|TruncatedDicom|MissingAttribute)$/);
  });

  it('an RLE frame whose header declares a huge image', () => {
    const rows: Element = { tag: '00280010', vr: 'US', value: 65535 };
    const columns: Element = { tag: '00280011', vr: 'US', value: 65535 };
    const frame = [1, 0, 0, 0, 64, 0, 0, 0, ...new Array(56).fill(0), 129, 0];
    expect(refusal(() => decodeAll(compressed(RLE_LOSSLESS, frame, [rows, columns])))).not.toBe('accepted');
  });

  it.each([
    [
      'JPEG',
      JPEG_BASELINE,
      [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0, 0xff, 0xd9],
    ],
    [
      'JPEG-LS',
      JPEG_LS,
      [0xff, 0xd8, 0xff, 0xf7, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0, 0xff, 0xd9],
    ],
    [
      'JPEG 2000',
      JPEG_2000,
      [0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0, ...new Array(32).fill(0x7f), 0, 1, 15, 1, 1],
    ],
    ['HTJ2K', HTJ2K, [0xff, 0x4f, 0xff, 0x51, 0, 41, 0x40, 0, ...new Array(32).fill(0x7f), 0, 1, 15, 1, 1]],
  ])('a %s codestream that declares another, larger image than its file', (_, syntax, frame) => {
    expect(refusal(() => decodeAll(compressed(syntax, frame)))).toBe('CorruptPixelData');
  });
  beforeAll(() => prepareCodecs([JPEG_LS, JPEG_2000, HTJ2K]));
});

describe('dimensions and counts', () => {
  it('Rows as UL beside US: the wide value is not cut to a small one', () => {
    const rows: Element = { tag: '00280010', vr: 'UL', value: 0x0001_0002 };
    expect(refusal(() => decodeAll(changed(rows)))).not.toBe('accepted');
  });

  it('more frames than there are bytes', () => {
    const frames: Element = { tag: '00280008', vr: 'IS', value: '2147483647' };
    expect(refusal(() => decodeAll(changed(frames)))).not.toBe('accepted');
  });

  it('a segmentation of two thousand million frames', () => {
    const file = writeDicom([
      uid('00080016', SEGMENTATION_STORAGE),
      uid('00080018', '1.2.3'),
      uid('0020000d', '1.2.4'),
      uid('0020000e', '1.2.5'),
      { tag: '00280008', vr: 'IS', value: '2147483647' },
      { tag: '00280010', vr: 'US', value: 65535 },
      { tag: '00280011', vr: 'US', value: 65535 },
      { tag: '00280100', vr: 'US', value: 1 },
      { tag: '00620001', vr: 'CS', value: 'BINARY' },
      sequence('00620002', [[{ tag: '00620004', vr: 'US', value: 1 }]]),
      { tag: '7fe00010', vr: 'OB', value: new Uint8Array(8) },
    ]);
    expect(refusal(() => parseSeg(memoryRanges(file)))).not.toBe('accepted');
  });

  it.each([
    [[3, 32767, 32767, 32767]],
    [[7, 32767, 32767, 32767, 32767, 1, 1, 1]],
    [[3, -1, 4, 4]],
    [[0, 1, 1, 1]],
  ])('a NIfTI header of dimensions %j without the voxels', (dims) => {
    expect(refusal(() => decodeNifti(niftiHeader(dims)))).not.toBe('accepted');
  });

  it('an RTSTRUCT that declares more points than it holds', () => {
    const contour = { points: [0, 0, 0, 1, 0, 0, 1, 1, 0], declaredPoints: 1_000_000_000 };
    const file = rtStruct({ rois: [{ number: 1, name: 'Liver', contours: [contour] }] });
    expect(refusal(() => parseRtstruct(file))).toBe('MalformedContour');
  });
});

describe('lengths and value representations', () => {
  it('a made-up VR in the file meta group with a length of 4 GiB', () => {
    const file = ctSlice(BASE);
    // The VR of TransferSyntaxUID, after preamble, prefix and the group length element.
    const at = 132 + 12 + 4;
    file.set(new TextEncoder().encode('ZZ'), at);
    new DataView(file.buffer, file.byteOffset).setUint32(at + 4, 0xffff_fff0, true);
    expect(refusal(() => decodeAll(file))).not.toBe('accepted');
  });

  it.each(['OB', 'OW', 'UN', 'UT', 'OV', 'UV', 'SQ'] as const)(
    'a %s element that claims to reach past the file',
    (vr) => {
      const element: Element =
        vr === 'SQ' ? sequence('00091010', [[]]) : { tag: '00091010', vr, value: new Uint8Array(8) };
      const file = changed(element);
      const at = Buffer.from(file).indexOf(Buffer.from([0x09, 0x00, 0x10, 0x10]));
      new DataView(file.buffer, file.byteOffset).setUint32(at + 8, 0x7fff_fffe, true);
      expect(refusal(() => decodeAll(file))).toBe('TruncatedDicom');
    },
  );

  it('64-bit values are stepped over by their true length', () => {
    const wide = (['OV', 'UV', 'SV'] as const).map(
      (vr, at): Element => ({ tag: `0009101${at}`, vr, value: new Uint8Array(16) }),
    );
    expect(decodeAll(changed(...wide)).map((pixels) => Array.from(pixels))).toEqual([[1, 2, 3, 4]]);
  });

  it('sequences nested ten thousand deep', () => {
    const depth = 10_000;
    const open = Buffer.from([
      0x09, 0, 0x10, 0x10, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff,
      0xff,
    ]);
    const file = Buffer.concat([rtStruct({ rois: [] }), ...new Array<Buffer>(depth).fill(open)]);
    expect(refusal(() => parseRtstruct(new Uint8Array(file)))).not.toBe('accepted');
  });

  it('names of attributes cannot reach the prototype of anything', () => {
    const json = '{"schemaVersion":1,"__proto__":{"polluted":1},"regions":[{"name":"__proto__","value":1}]}';
    refusal(() => parseLabelMap(json));
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('palettes and private encodings', () => {
  it('a palette colour image is no image of values, however long its tables claim to be', () => {
    const file = changed(
      { tag: '00280004', vr: 'CS', value: 'PALETTE COLOR' },
      { tag: '00281101', vr: 'US', value: [65535, 0, 16] },
      { tag: '00281201', vr: 'OW', value: new Uint8Array(2) },
    );
    expect(refusal(() => decodeAll(file))).toBe('ColourImage');
  });

  it('private compression of a manufacturer is not tried', () => {
    expect(refusal(() => decodeAll(compressed('1.3.46.670589.33.1.4.1', [1, 2, 3, 4])))).toBe(
      'UnsupportedTransferSyntax',
    );
  });
});

describe('XML', () => {
  const AIM = (body: string, before = '') =>
    new TextEncoder().encode(
      `<?xml version="1.0"?>${before}<ImageAnnotationCollection xmlns="gme://caCORE.caCORE/4.4/edu.northwestern.radiology.AIM" aimVersion="AIMv4_0">${body}</ImageAnnotationCollection>`,
    );

  it('entities that expand into each other, or name a file', () => {
    const lol =
      '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>';
    const file = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>';
    expect(refusal(() => parseAim(AIM('<description value="&c;"/>', lol)))).toBe('MalformedAim');
    expect(refusal(() => parseAim(AIM('<description value="&a;"/>', file)))).toBe('MalformedAim');
  });

  it('elements nested a hundred thousand deep', () => {
    expect(refusal(() => parseAim(AIM('<a>'.repeat(100_000))))).toBe('MalformedAim');
  });

  it('an attribute of four megabytes', () => {
    expect(refusal(() => parseAim(AIM(`<description value="${'x'.repeat(4_000_000)}"/>`)))).toBe(
      'MalformedAim',
    );
  });
});

describe('any bytes at all', () => {
  const readers: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
    dicom: decodeAll,
    rtstruct: parseRtstruct,
    seg: (bytes) => parseSeg(memoryRanges(bytes)),
    aim: parseAim,
    nifti: decodeNifti,
    'label map': parseLabelMap,
  };

  it.each(Object.keys(readers))('%s: are read or refused with a code', (name) => {
    const read = readers[name] as (bytes: Uint8Array) => unknown;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(refusal(() => read(bytes))).toMatch(/^\w+$/);
      }),
      { numRuns: 200 },
    );
  });
});
