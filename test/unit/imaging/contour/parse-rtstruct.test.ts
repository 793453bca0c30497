import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { parseRtstruct } from '../../../../src/imaging/contour/parse-rtstruct.ts';
import type { PatientContour } from '../../../../src/imaging/contour/structure-set.ts';
import { decodeText } from '../../../../src/imaging/dicom/character-set.ts';
import {
  ctSlice,
  IMPLICIT_LITTLE_ENDIAN,
  rtStruct,
  TEST_FRAME_UID,
  TEST_SERIES_UID,
  type TestContour,
} from '../../../helpers/dicom-writer.ts';

const SQUARE: TestContour = { points: [0, 0, 5, 10, 0, 5, 10, 10, 5, 0, 10, 5], sopInstanceUid: '1.2.3.4' };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

function oneContour(contour: TestContour): Uint8Array {
  return rtStruct({ rois: [{ number: 3, name: 'Liver', contours: [contour] }] });
}

describe('parseRtstruct', () => {
  it.each(['1.2.840.10008.1.2.1', IMPLICIT_LITTLE_ENDIAN])(
    'reads regions, contours and references in %s',
    (transferSyntaxUid) => {
      const rois = [
        {
          number: 7,
          name: 'Liver',
          colour: [255, 128, 0] as const,
          contours: [SQUARE, { ...SQUARE, type: 'POINT' }],
        },
        { number: 9, name: 'Spleen', contours: [] },
      ];
      const set = parseRtstruct(rtStruct({ rois, transferSyntaxUid }));
      expect(set).toMatchObject({
        referencedSeriesUids: [TEST_SERIES_UID],
        frameOfReferenceUid: TEST_FRAME_UID,
      });
      expect(set.rois.map(({ number, name, contours }) => [number, name, contours.length])).toEqual([
        [7, 'Liver', 2],
        [9, 'Spleen', 0],
      ]);
      expect(set.rois[0]?.colour).toEqual([255, 128, 0]);
      expect(set.rois[0]?.contours[0]).toEqual({
        geometricType: 'CLOSED_PLANAR',
        pointsLps: Float64Array.from(SQUARE.points),
        sopInstanceUid: '1.2.3.4',
      });
      expect(set.rois[0]?.contours[1]?.geometricType).toBe('POINT');
    },
  );

  it('keeps the frame of reference of each region that states one', () => {
    const contours = [SQUARE];
    const rois = [
      { number: 1, name: 'A', contours, frameOfReferenceUid: '1.2.3.1' },
      { number: 2, name: 'B', contours, frameOfReferenceUid: '1.2.3.2' },
      { number: 3, name: 'C', contours },
    ];
    const set = parseRtstruct(rtStruct({ rois }));
    expect(set.rois.map(({ frameOfReferenceUid }) => frameOfReferenceUid)).toEqual([
      '1.2.3.1',
      '1.2.3.2',
      undefined,
    ]);
    expect(set.frameOfReferenceUid).toBe(TEST_FRAME_UID);
  });

  it('accepts numbers longer than 16 characters, spaces and exponents', () => {
    const data = ' 1.23456789012345678 \\-2.5e-3\\ 5\\1\\1\\5\\2\\2\\5 ';
    const [roi] = parseRtstruct(oneContour({ points: new Array(9), data })).rois;
    const [contour] = (roi?.contours ?? []) as PatientContour[];
    expect(Array.from(contour?.pointsLps ?? [])).toEqual([1.2345678901234567, -0.0025, 5, 1, 1, 5, 2, 2, 5]);
  });

  it('accepts a structure set that names no series', () => {
    const set = rtStruct({ seriesUid: '', rois: [{ number: 1, name: 'Liver', contours: [SQUARE] }] });
    expect(parseRtstruct(set).referencedSeriesUids).toEqual([]);
  });

  it('joins the contours of a region that is listed twice', () => {
    const rois = [
      { number: 1, name: 'Liver', colour: [1, 2, 3] as const, contours: [SQUARE] },
      { number: 1, name: 'Liver', contours: [SQUARE] },
    ];
    const [roi] = parseRtstruct(rtStruct({ rois })).rois;
    expect(roi?.contours).toHaveLength(2);
    expect(roi?.colour).toEqual([1, 2, 3]);
  });

  it.each([
    { name: 'two coordinates', data: '1\\2' },
    { name: 'a word', data: '1\\2\\x' },
    { name: 'a gap', data: '1\\\\3' },
    { name: 'infinity', data: '1\\2\\Infinity' },
    { name: 'a point beyond the building', data: '1\\2\\1e300' },
  ])('rejects a contour with $name and says which', ({ data }) => {
    const bytes = oneContour({ points: [], data, declaredPoints: 1 });
    expect(codeOf(() => parseRtstruct(bytes))).toBe('MalformedContour');
    expect(() => parseRtstruct(bytes)).toThrow('contour 1 of region number 3');
  });

  it('rejects a contour that holds fewer points than it declares', () => {
    expect(codeOf(() => parseRtstruct(oneContour({ ...SQUARE, declaredPoints: 5 })))).toBe(
      'MalformedContour',
    );
  });

  it.each([
    { name: 'no region', rois: [] },
    { name: 'regions without contours', rois: [{ number: 1, name: 'Liver', contours: [] }] },
    { name: 'contours without points', rois: [{ number: 1, name: 'Liver', contours: [{ points: [] }] }] },
  ])('rejects a structure set with $name as empty', ({ rois }) => {
    expect(codeOf(() => parseRtstruct(rtStruct({ rois })))).toBe('EmptyRtstruct');
  });

  it('refuses other objects', () => {
    const image = ctSlice({ columns: 1, rows: 1, pixels: [0], position: [0, 0, 0] });
    expect(codeOf(() => parseRtstruct(image))).toBe('UnsupportedRoiType');
  });

  it('survives damaged bytes anywhere', () => {
    const file = oneContour(SQUARE);
    const damage = fc.array(fc.tuple(fc.nat(file.length - 133), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(200), (hits, cut) => {
        const bytes = file.slice(0, file.length - cut);
        for (const [at, value] of hits) bytes[132 + (at % (bytes.length - 132))] = value;
        codeOf(() => parseRtstruct(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('decodeText', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  it.each([
    { sets: [], raw: new TextEncoder().encode('näme_with:odd*chars '), text: 'näme_with:odd*chars' },
    { sets: [], raw: bytes(0x6e, 0xe4, 0x6d), text: 'näm' },
    { sets: ['ISO_IR 100'], raw: bytes(0xc4, 0x20), text: 'Ä' },
    { sets: ['ISO_IR 192'], raw: new TextEncoder().encode('肝臓'), text: '肝臓' },
    { sets: ['ISO_IR 144'], raw: bytes(0xbf, 0xd5), text: 'Пе' },
    { sets: ['GB18030'], raw: bytes(0xb8, 0xce), text: '肝' },
    { sets: ['', 'ISO 2022 IR 87'], raw: bytes(0x1b, 0x24, 0x42, 0x34, 0x4e, 0x1b, 0x28, 0x42), text: '肝' },
    { sets: ['', 'ISO 2022 IR 149'], raw: bytes(0x1b, 0x24, 0x29, 0x43, 0xb0, 0xa3), text: '간' },
    { sets: ['ISO_IR 6'], raw: bytes(0x41, 0x00), text: 'A' },
  ])('decodes "$text" by $sets', ({ sets, raw, text }) => {
    expect(decodeText(raw, sets)).toBe(text);
  });
});

describe('parseRtstruct and region numbers', () => {
  it('keeps contours of a number that is not listed, as an untitled region', () => {
    const listed = rtStruct({ rois: [{ number: 3, name: 'Liver', contours: [SQUARE] }] });
    // ROINumber (3006,0022) in the list becomes 5; ReferencedROINumber (3006,0084) stays 3.
    const at = Buffer.from(listed).indexOf(Uint8Array.from([0x06, 0x30, 0x22, 0x00]));
    listed[at + 8] = '5'.charCodeAt(0);
    const set = parseRtstruct(listed);
    expect(set.rois.map(({ number, name, contours }) => [number, name, contours.length])).toEqual([
      [5, 'Liver', 0],
      [3, 'Untitled ROI', 1],
    ]);
  });

  it('gives a region without a name the one that viewers show', () => {
    const set = parseRtstruct(rtStruct({ rois: [{ number: 3, name: '  ', contours: [SQUARE] }] }));
    expect(set.rois[0]?.name).toBe('Untitled ROI');
  });

  it('rejects one number for two drawn regions, since their contours cannot be told apart', () => {
    const rois = [
      { number: 1, name: 'Liver', contours: [SQUARE] },
      { number: 1, name: 'Spleen', contours: [] },
    ];
    expect(codeOf(() => parseRtstruct(rtStruct({ rois })))).toBe('MalformedContour');
    expect(() => parseRtstruct(rtStruct({ rois }))).toThrow('"Liver" and to "Spleen"');
  });
});
