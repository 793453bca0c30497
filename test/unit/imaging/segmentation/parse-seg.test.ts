import { describe, expect, test } from '@jest/globals';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg, type SegOptions } from '../../../../src/imaging/segmentation/parse-seg.ts';
import {
  DEFLATED_LITTLE_ENDIAN,
  type Element,
  EXPLICIT_BIG_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  RLE_LOSSLESS,
  sequence,
} from '../../../helpers/dicom-elements.ts';
import { drawRegions, stackTarget } from './draw-regions.ts';
import { packBits, rleFrame, type SegSpec, segFile, segment } from './seg-file.ts';

const COLUMNS = 5;
const ROWS = 3;
/** 5 x 3 pixels: no frame but the first begins at a byte. */
const TARGET = stackTarget({ sizeIjk: [COLUMNS, ROWS, 3] });

/** Pixels of a 5 x 3 frame that are set, as `column row`. */
function pixels(set: Readonly<Record<string, number>>): number[] {
  return Array.from(
    { length: COLUMNS * ROWS },
    (_, at) => set[`${at % COLUMNS} ${Math.floor(at / COLUMNS)}`] ?? 0,
  );
}

const FIRST = pixels({ '0 0': 1, '4 2': 1 });
const SECOND = pixels({ '1 1': 1, '2 1': 1, '3 1': 1 });
const SPEC: SegSpec = {
  columns: COLUMNS,
  rows: ROWS,
  frames: [
    { pixels: FIRST, segment: 1, position: [0, 0, 0], source: 'image.0' },
    { pixels: SECOND, segment: 1, position: [0, 0, 2], source: 'image.2' },
    { pixels: SECOND, segment: 2, position: [0, 0, 1], source: 'image.1' },
  ],
};
const EXPECTED = [
  ['0 0 0', '4 2 0', '1 1 2', '2 1 2', '3 1 2'],
  ['1 1 1', '2 1 1', '3 1 1'],
];

function parse(spec: SegSpec, options?: SegOptions) {
  return parseSeg(memoryRanges(segFile(spec)), options);
}

function voxelsOf(spec: SegSpec, options?: SegOptions): (readonly string[])[] {
  return drawRegions(parse(spec, options), TARGET).map(({ voxels }) => voxels);
}

describe('a BINARY segmentation', () => {
  test('gives each segment the voxels of its frames, packed without gaps', () => {
    expect(voxelsOf(SPEC)).toEqual(EXPECTED);
  });

  test('says what it is', () => {
    const set = parse({
      ...SPEC,
      segments: [
        segment(
          1,
          'Leber',
          { tag: '00620008', vr: 'CS', value: 'SEMIAUTOMATIC' },
          { tag: '00620009', vr: 'LO', value: 'GrowCut' },
          {
            tag: '0062000d',
            vr: 'US',
            value: [41661, 41167, 40792],
          },
        ),
        segment(2, 'Milz'),
      ],
    });
    expect(set).toMatchObject({
      format: 'SEG',
      sourceUid: '1.2.3.4',
      referencedSeriesUids: ['series'],
      frameOfReferenceUid: '1.2.3.5',
      warnings: [],
      regions: [
        {
          number: 1,
          name: 'Leber',
          colour: [221, 130, 101],
          parts: 2,
          provenance: { format: 'SEG', sourceUid: '1.2.3.4', algorithm: 'SEMIAUTOMATIC GrowCut' },
        },
        { number: 2, name: 'Milz', parts: 1, provenance: { format: 'SEG', sourceUid: '1.2.3.4' } },
      ],
    });
  });

  test('counts frames and volume of what was drawn', () => {
    const [first] = drawRegions(parse(SPEC), stackTarget({ sizeIjk: [COLUMNS, ROWS, 3] }));
    expect(first?.drawing).toEqual({ planes: 2, volumeMm3: 5, gaps: [], warnings: [] });
  });

  test.each([
    ['Implicit VR Little Endian', IMPLICIT_LITTLE_ENDIAN],
    ['Explicit VR Big Endian', EXPLICIT_BIG_ENDIAN],
    ['Deflated Explicit VR Little Endian', DEFLATED_LITTLE_ENDIAN],
  ])('is the same in %s', (_, transferSyntaxUid) => {
    expect(voxelsOf({ ...SPEC, write: { transferSyntaxUid } })).toEqual(EXPECTED);
  });

  test('is the same with sequences of undefined length', () => {
    expect(voxelsOf({ ...SPEC, write: { undefinedLengths: true } })).toEqual(EXPECTED);
  });

  test.each([
    ['a byte per pixel', (values: readonly number[]) => Uint8Array.from(values)],
    ['eight pixels in a byte', (values: readonly number[]) => packBits(values)],
  ])('is read from RLE with %s', (_, pack) => {
    const fragments = SPEC.frames.map((frame) => rleFrame(pack(frame.pixels)));
    expect(voxelsOf({ ...SPEC, fragments, write: { transferSyntaxUid: RLE_LOSSLESS } })).toEqual(EXPECTED);
  });

  test('takes its segment numbers as they are', () => {
    const frames = SPEC.frames.map((frame) => ({ ...frame, segment: frame.segment === 1 ? 7 : 300 }));
    const set = parse({ ...SPEC, frames });
    expect(set.regions.map(({ number, name }) => [number, name])).toEqual([
      [7, 'Segment 7'],
      [300, 'Segment 300'],
    ]);
    expect(drawRegions(set, TARGET).map(({ voxels }) => voxels)).toEqual(EXPECTED);
  });

  test('may share segment, position and source among its frames', () => {
    const [frame] = SPEC.frames;
    const shared: Element[] = [
      sequence('0062000a', [[{ tag: '0062000b', vr: 'US', value: 1 }]]),
      sequence('00209113', [[{ tag: '00200032', vr: 'DS', value: ['0', '0', '1'] }]]),
      sequence('00089124', [[sequence('00082112', [[{ tag: '00081155', vr: 'UI', value: 'image.1' }]])]]),
    ];
    const spec = { ...SPEC, frames: [{ pixels: frame?.pixels ?? [] }], shared };
    expect(voxelsOf({ ...spec, changes: { '52009230': undefined } })).toEqual([['0 0 1', '4 2 1']]);
  });

  test('joins frames of one segment on one slice', () => {
    const frames = [
      { pixels: FIRST, position: [0, 0, 1] as const },
      { pixels: SECOND, position: [0, 0, 1] as const },
    ];
    expect(voxelsOf({ ...SPEC, frames })).toEqual([['0 0 1', '1 1 1', '2 1 1', '3 1 1', '4 2 1']]);
  });

  test('lets segments overlap, and be empty', () => {
    const frames = [...SPEC.frames, { pixels: FIRST, segment: 3, position: [0, 0, 1] as const }];
    const segments = [1, 2, 3, 4].map((number) => segment(number, `Segment ${number}`));
    const set = parse({ ...SPEC, frames, segments });
    expect(set.regions.map(({ parts }) => parts)).toEqual([2, 1, 1, 0]);
    expect(drawRegions(set, TARGET).map(({ voxels }) => voxels)).toEqual([
      ...EXPECTED,
      ['0 0 1', '4 2 1'],
      [],
    ]);
  });

  test('may carry what viewers copy from the images, and series without instances', () => {
    const changes = {
      '00281052': { tag: '00281052', vr: 'DS', value: '-1024' },
      '00281053': { tag: '00281053', vr: 'DS', value: '2' },
      '00289145': sequence('00289145', [[{ tag: '00281054', vr: 'LO', value: 'HU' }]]),
    } as const satisfies Record<string, Element>;
    expect(voxelsOf({ ...SPEC, changes })).toEqual(EXPECTED);
  });

  test('names a segment by its label, description or type, in its character set', () => {
    const cjk = Uint8Array.from([0xc3, 0xa4]);
    const segments: Element[][] = [
      [
        { tag: '00620004', vr: 'US', value: 1 },
        { tag: '00620005', vr: 'LO', value: cjk as unknown as string },
      ],
      [
        { tag: '00620004', vr: 'US', value: 2 },
        { tag: '00620006', vr: 'ST', value: 'described' },
      ],
      [
        { tag: '00620004', vr: 'US', value: 3 },
        sequence('0062000f', [[{ tag: '00080104', vr: 'LO', value: 'Organ' }]]),
      ],
      [{ tag: '00620004', vr: 'US', value: 4 }],
    ];
    const changes = { '00080005': { tag: '00080005', vr: 'CS', value: 'ISO_IR 192' } } as const;
    const set = parse({ ...SPEC, segments, changes });
    expect(set.regions.map(({ name }) => name)).toEqual(['ä', 'described', 'Organ', 'Segment 4']);
  });
});

describe('a FRACTIONAL segmentation', () => {
  const fractional = (maximum: number): SegSpec => ({
    columns: COLUMNS,
    rows: ROWS,
    type: 'FRACTIONAL',
    frames: [
      { pixels: pixels({ '0 0': 255, '1 0': 128, '2 0': 127, '3 0': 100, '4 0': 1 }), position: [0, 0, 0] },
    ],
    changes: { '0062000e': { tag: '0062000e', vr: 'US', value: maximum } },
  });

  test.each([
    [undefined, 255, 2],
    [0.5, 200, 4],
    [0.25, 255, 4],
    [0.4, 255, 3],
    [1, 255, 1],
    [0, 255, 5],
  ])('threshold %s of maximum %s takes %s pixels', (fractionalThreshold, maximum, count) => {
    const [voxels] = voxelsOf(fractional(maximum), { fractionalThreshold });
    expect(voxels).toHaveLength(count);
  });

  test('records its type and the threshold used', () => {
    expect(parse(fractional(255)).regions[0]?.provenance.fractional).toEqual({
      type: 'PROBABILITY',
      threshold: 0.5,
    });
    const occupancy = fractional(255);
    const changes = { '00620010': { tag: '00620010', vr: 'CS', value: 'OCCUPANCY' } } as const;
    expect(
      parse({ ...occupancy, changes }, { fractionalThreshold: 0.3 }).regions[0]?.provenance.fractional,
    ).toEqual({
      type: 'OCCUPANCY',
      threshold: 0.3,
    });
  });

  test('is read from RLE and from big endian bytes', () => {
    const spec = fractional(255);
    const fragments = spec.frames.map((frame) => rleFrame(Uint8Array.from(frame.pixels)));
    const plain = voxelsOf(spec);
    expect(voxelsOf({ ...spec, fragments, write: { transferSyntaxUid: RLE_LOSSLESS } })).toEqual(plain);
    expect(voxelsOf({ ...spec, write: { transferSyntaxUid: EXPLICIT_BIG_ENDIAN } })).toEqual(plain);
  });

  test.each([0, 256])('refuses a maximum of %s', (maximum) => {
    expect(() => parse(fractional(maximum))).toThrow(expect.objectContaining({ code: 'MalformedSeg' }));
  });
});

describe('a LABELMAP segmentation', () => {
  const labelMap = (bits: number, far: number): SegSpec => ({
    columns: COLUMNS,
    rows: ROWS,
    type: 'LABELMAP',
    bits,
    frames: [
      { pixels: pixels({ '0 0': 3, '1 0': 3, '4 2': far }), position: [0, 0, 0], source: 'image.0' },
      { pixels: pixels({ '0 2': far, '1 2': far }), position: [0, 0, 2], source: 'image.2' },
    ],
    segments: [segment(0, 'Background'), segment(3, 'Liver'), segment(far, 'Spleen'), segment(4, 'Nowhere')],
  });
  const drawn = [['0 0 0', '1 0 0'], ['4 2 0', '0 2 2', '1 2 2'], []];

  test.each([
    [8, 200],
    [16, 60_000],
  ])('of %s bits takes pixel values as segment numbers', (bits, far) => {
    const set = parse(labelMap(bits, far));
    expect(set.regions.map(({ number, name, parts }) => [number, name, parts])).toEqual([
      [3, 'Liver', 1],
      [far, 'Spleen', 2],
      [4, 'Nowhere', 0],
    ]);
    expect(drawRegions(set, TARGET).map(({ voxels }) => voxels)).toEqual(drawn);
  });

  test('of 16 bits is read in big endian and from odd places in memory', () => {
    const spec = labelMap(16, 60_000);
    expect(voxelsOf({ ...spec, write: { transferSyntaxUid: EXPLICIT_BIG_ENDIAN } })).toEqual(drawn);
    const file = segFile(spec);
    const odd = new Uint8Array(file.length + 1);
    odd.set(file, 1);
    const set = parseSeg(memoryRanges(odd.subarray(1)));
    expect(drawRegions(set, TARGET).map(({ voxels }) => voxels)).toEqual(drawn);
  });

  test('takes PixelPaddingValue for its background, and 0 for a segment when that is one', () => {
    const spec: SegSpec = {
      ...labelMap(8, 200),
      segments: [segment(200, 'Padding'), segment(3, 'Liver'), segment(0, 'Zero')],
      changes: { '00280120': { tag: '00280120', vr: 'US', value: 200 } },
    };
    const set = parse(spec);
    expect(set.regions.map(({ number }) => number)).toEqual([3, 0]);
    expect(drawRegions(set, TARGET).map(({ voxels }) => voxels.length)).toEqual([2, 2 * 15 - 5]);
  });

  test('knows a background by its code', () => {
    const code: Element[] = [
      { tag: '00080100', vr: 'SH', value: '125040' },
      { tag: '00080102', vr: 'SH', value: 'DCM' },
    ];
    const spec = {
      ...labelMap(8, 200),
      segments: [segment(3, 'Liver'), segment(200, 'Air', sequence('0062000f', [code]))],
    };
    expect(parse(spec).regions.map(({ name }) => name)).toEqual(['Liver']);
  });

  test('refuses a value that is the number of no segment', () => {
    const spec = { ...labelMap(8, 200), segments: [segment(3, 'Liver')] };
    expect(() => parse(spec)).toThrow(
      expect.objectContaining({ code: 'MalformedSeg', details: { frame: 1, value: 200 } }),
    );
  });

  test.each([
    ['8', [256, 0, 8], [9, 8, 7, 130], false],
    ['16', [256, 0, 16], [9, 8, 7, 130], true],
  ])('takes colours from a palette of %s bits', (_, descriptor, entries, wide) => {
    const table = (channel: number): Uint8Array => {
      const values = Uint8Array.from({ length: 256 }, (_, at) => (entries[at] ?? 0) + channel);
      return wide ? Uint8Array.from([...values].flatMap((value) => [0, value])) : values;
    };
    const channels = [0, 1, 2].flatMap((channel): Element[] => [
      { tag: `0028110${channel + 1}`, vr: 'US', value: descriptor },
      { tag: `0028120${channel + 1}`, vr: 'OW', value: table(channel) },
    ]);
    const changes = Object.fromEntries(channels.map((element) => [element.tag, element]));
    const photometric = { tag: '00280004', vr: 'CS', value: 'PALETTE COLOR' } as const;
    const spec = { ...labelMap(8, 200), changes: { ...changes, '00280004': photometric } };
    const colours = [
      [130, 131, 132],
      [0, 1, 2],
    ];
    for (const write of [{}, { transferSyntaxUid: EXPLICIT_BIG_ENDIAN }]) {
      const set = parse({ ...spec, write });
      expect(set.regions.slice(0, 2).map(({ colour }) => colour)).toEqual(colours);
    }
  });
});
