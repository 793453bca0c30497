import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../../../src/contracts/errors.ts';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import { type Element, RLE_LOSSLESS, sequence } from '../../../helpers/dicom-elements.ts';
import { rleFrame, type SegSpec, segFile, segment } from './seg-file.ts';

const ONES = Array.from({ length: 64 }, () => 1);
const SPEC: SegSpec = {
  columns: 8,
  rows: 8,
  frames: [
    { pixels: ONES, position: [0, 0, 0] },
    { pixels: ONES, position: [0, 0, 1] },
  ],
};

function element(tag: string, vr: Element['vr'], value: Element['value']): Record<string, Element> {
  return { [tag]: { tag, vr, value } };
}

/** Refused with the code, in less than two seconds. */
function expectRefused(code: ErrorCode, bytes: Uint8Array): void {
  const before = performance.now();
  expect(() => parseSeg(memoryRanges(bytes))).toThrow(expect.objectContaining({ code }));
  expect(performance.now() - before).toBeLessThan(2000);
}

function refused(code: ErrorCode, change: Partial<SegSpec>): void {
  expectRefused(code, segFile({ ...SPEC, ...change }));
}

describe('contradictions in a segmentation', () => {
  test.each<[string, ErrorCode, Partial<SegSpec>]>([
    ['more frames than descriptions', 'MalformedSeg', { changes: { ...element('00280008', 'IS', '1') } }],
    [
      'fewer frames than descriptions',
      'MalformedSeg',
      { changes: { ...element('7fe00010', 'OW', new Uint8Array(64)), ...element('00280008', 'IS', '3') } },
    ],
    ['more frames than pixels', 'TruncatedDicom', { changes: { ...element('00280008', 'IS', '3') } }],
    ['2^31 frames', 'MalformedSeg', { changes: { ...element('00280008', 'IS', '2147483648') } }],
    [
      'a million frames without pixels',
      'TruncatedDicom',
      { changes: { ...element('00280008', 'IS', '999999') } },
    ],
    ['no frame', 'MalformedSeg', { changes: { ...element('00280008', 'IS', '0') } }],
    ['minus one frame', 'MalformedSeg', { changes: { ...element('00280008', 'IS', '-1') } }],
    ['frames that are no number', 'MalformedSeg', { changes: { ...element('00280008', 'IS', 'many') } }],
    ['no pixel data', 'TruncatedDicom', { changes: { '7fe00010': undefined } }],
    ['no rows', 'MalformedSeg', { changes: { ...element('00280010', 'US', 0) } }],
    ['no columns', 'MalformedSeg', { changes: { '00280011': undefined } }],
    [
      'frames larger than any',
      'VolumeTooLarge',
      { changes: { ...element('00280010', 'US', 65535), ...element('00280011', 'US', 65535) } },
    ],
    [
      'larger frames than pixels',
      'TruncatedDicom',
      { changes: { ...element('00280010', 'US', 4096), ...element('00280011', 'US', 4096) } },
    ],
    ['colour pixels', 'MalformedSeg', { changes: { ...element('00280002', 'US', 3) } }],
    ['bytes in a BINARY segmentation', 'MalformedSeg', { bits: 8 }],
    ['words in a BINARY segmentation', 'MalformedSeg', { bits: 16 }],
    ['bits in a FRACTIONAL segmentation', 'MalformedSeg', { type: 'FRACTIONAL', bits: 1 }],
    [
      '32 bits in a label map',
      'MalformedSeg',
      { type: 'LABELMAP', changes: { ...element('00280100', 'US', 32) } },
    ],
    ['an unknown type', 'MalformedSeg', { type: 'CUBIST' }],
    ['no type', 'MalformedSeg', { changes: { '00620001': undefined } }],
    [
      'a label map class with bits',
      'MalformedSeg',
      { changes: { ...element('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.66.7') } },
    ],
    ['no segment', 'MalformedSeg', { segments: [] }],
    ['a segment without number', 'MalformedSeg', { segments: [[{ tag: '00620005', vr: 'LO', value: 'x' }]] }],
    ['a segment of number 0', 'MalformedSeg', { segments: [segment(0, 'x')] }],
    ['two segments of one number', 'MalformedSeg', { segments: [segment(1, 'x'), segment(1, 'y')] }],
    [
      'a frame of a segment that is not there',
      'MalformedSeg',
      { segments: [segment(2, 'x'), segment(3, 'y')] },
    ],
    [
      'frames without segment',
      'MalformedSeg',
      { segments: [segment(1, 'x'), segment(2, 'y')], changes: { ...element('52009230', 'SQ', [[], []]) } },
    ],
    ['frames without description', 'MalformedSeg', { changes: { '52009230': undefined } }],
    [
      'only empty frames',
      'EmptySegmentation',
      { frames: SPEC.frames.map((frame) => ({ ...frame, pixels: ONES.map(() => 0) })) },
    ],
    ['fractions below the threshold', 'EmptySegmentation', { type: 'FRACTIONAL' }],
    [
      'a label map of background',
      'EmptySegmentation',
      { type: 'LABELMAP', segments: [segment(1, 'x')], changes: { ...element('00280120', 'US', 1) } },
    ],
    [
      'another kind of object',
      'UnsupportedRoiType',
      { changes: { ...element('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.2') } },
    ],
    ['no kind of object', 'UnsupportedRoiType', { changes: { '00080016': undefined } }],
    ['an unknown transfer syntax', 'UnsupportedTransferSyntax', { write: { transferSyntaxUid: '1.2.3' } }],
  ])('%s: %s', (_, code, change) => refused(code, change));

  test('a tiled segmentation of another number of tiles', () => {
    const tiles = (columns: number, rows: number): Partial<SegSpec> => ({
      changes: {
        ...element('00209311', 'CS', 'TILED_FULL'),
        ...element('00480006', 'UL', columns),
        ...element('00480007', 'UL', rows),
      },
    });
    refused('MalformedSeg', tiles(8, 8));
    refused('MalformedSeg', tiles(2 ** 31 - 1, 2 ** 31 - 1));
    refused('MalformedSeg', tiles(0, 0));
    refused('MalformedSeg', { changes: element('00209311', 'CS', 'TILED_FULL') });
  });
});

describe('numbers far beyond any segmentation', () => {
  test('of segments are read in time', () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) => index + 1);
    const file = segFile({ ...SPEC, segments: numbers.map((number) => segment(number, 'x')) });
    const before = performance.now();
    expect(parseSeg(memoryRanges(file)).regions).toHaveLength(20_000);
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('of empty frames are found empty in time', () => {
    const frames = Array.from({ length: 2000 }, () => ({ pixels: [], position: [0, 0, 0] as const }));
    const pixels = new Uint8Array((2000 * 64 * 64) / 8);
    const changes = element('7fe00010', 'OW', pixels);
    expectRefused('EmptySegmentation', segFile({ columns: 64, rows: 64, frames, changes }));
  });
});

describe('damaged segmentations', () => {
  test('cut off anywhere', () => {
    const whole = segFile(SPEC);
    for (let length = 0; length < whole.length; length += 7) {
      const before = performance.now();
      expect(() => parseSeg(memoryRanges(whole.subarray(0, length)))).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(
            /^(NotDicom|TruncatedDicom|MissingAttribute|UnsupportedRoiType|MalformedSeg|UnsupportedTransferSyntax)$/,
          ),
        }),
      );
      expect(performance.now() - before).toBeLessThan(2000);
    }
  });

  test('compressed frames of the wrong number, or of nothing', () => {
    const write = { transferSyntaxUid: RLE_LOSSLESS };
    const fragments = [rleFrame(Uint8Array.from(ONES))];
    refused('CorruptPixelData', { type: 'FRACTIONAL', fragments, write });
    refused('TruncatedDicom', { type: 'FRACTIONAL', fragments: [], write });
    refused('TruncatedDicom', {
      type: 'FRACTIONAL',
      fragments: [new Uint8Array(4), new Uint8Array(4)],
      write,
    });
  });

  test('a small RLE frame that claims to be large', () => {
    refused('TruncatedDicom', {
      type: 'FRACTIONAL',
      fragments: [rleFrame(Uint8Array.of(1)), rleFrame(Uint8Array.of(1))],
      write: { transferSyntaxUid: RLE_LOSSLESS },
      changes: { ...element('00280010', 'US', 8192), ...element('00280011', 'US', 8192) },
    });
  });

  test('sequences nested without end', () => {
    let nested: Element = sequence('00089215', [[]]);
    for (let depth = 0; depth < 500; depth++) nested = sequence('00089215', [[nested]]);
    const deep = { ...SPEC, shared: [nested], write: { undefinedLengths: true } };
    const before = performance.now();
    expect(() => parseSeg(memoryRanges(segFile(deep)))).toThrow(
      expect.objectContaining({ code: 'TruncatedDicom' }),
    );
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
