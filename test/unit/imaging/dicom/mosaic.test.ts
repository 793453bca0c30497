import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { readCsaNumbers } from '../../../../src/imaging/dicom/csa-header.ts';
import { parseSlices } from '../../../../src/imaging/dicom/parse-slice.ts';
import { decodeFrame } from '../../../../src/imaging/dicom/stored-pixels.ts';
import { type Element, samples16, writeDicom } from '../../../helpers/dicom-elements.ts';
import { describeWithSharedData, readSharedFolder } from '../../../helpers/imaging-shared-data.ts';
import { imageElements } from './image-elements.ts';

interface CsaEntry {
  readonly name: string;
  readonly values: readonly string[];
}

/** A CSA header; `legacy` writes the format before SV10. */
function csaHeader(entries: readonly CsaEntry[], legacy = false): Uint8Array {
  const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
  const surplus = entries[0]?.values.length ?? 0;
  const item = (text: string) => {
    const length = text.length === 0 ? 0 : text.length + 1;
    const stated = legacy ? [length + surplus, 0] : [0, length];
    const padding = new Uint8Array((4 - (length % 4)) % 4);
    const content = Buffer.from(length === 0 ? '' : `${text}\0`, 'latin1');
    return Buffer.concat([...stated.map(int), int(77), int(0), content, padding]);
  };
  const entry = ({ name, values }: CsaEntry) => {
    const head = Buffer.alloc(84);
    head.write(`${name}\0garbage`, 0, 'latin1');
    head.writeInt32LE(values.length, 76);
    return Buffer.concat([head, ...values.map(item)]);
  };
  const magic = legacy ? Buffer.alloc(0) : Buffer.from('SV10\x04\x03\x02\x01', 'latin1');
  return Buffer.concat([magic, int(entries.length), int(77), ...entries.map(entry)]);
}

const COUNT: CsaEntry = { name: 'NumberOfImagesInMosaic', values: ['3', '', ''] };
const NORMAL: CsaEntry = { name: 'SliceNormalVector', values: ['0.0', '0.0', '1.0'] };
const OTHER: CsaEntry = { name: 'EchoLinePosition', values: ['x', '12345'] };

describe('readCsaNumbers', () => {
  it.each([false, true])('reads entries, empty items left out (before SV10: %s)', (legacy) => {
    const header = csaHeader([COUNT, OTHER, NORMAL], legacy);
    expect(readCsaNumbers(header, 'NumberOfImagesInMosaic')).toEqual([3]);
    expect(readCsaNumbers(header, 'SliceNormalVector')).toEqual([0, 0, 1]);
    expect(readCsaNumbers(header, 'EchoLinePosition')).toEqual([12345]);
    expect(readCsaNumbers(header, 'Absent')).toBeUndefined();
  });

  it('survives any damage', () => {
    const damage = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(damage, fc.boolean(), fc.nat(700), (hits, legacy, length) => {
        const header = Uint8Array.from(csaHeader([COUNT, OTHER, NORMAL], legacy));
        for (const [at, value] of hits) header[at % header.length] = value;
        const values = readCsaNumbers(header.subarray(0, length), 'SliceNormalVector') ?? [];
        expect(values.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('gives up at an item longer than the header', () => {
    const header = Buffer.from(csaHeader([COUNT, NORMAL]));
    header.writeInt32LE(1e6, 16 + 84 + 4);
    expect(readCsaNumbers(header, 'SliceNormalVector')).toBeUndefined();
  });
});

/** Three tiles of 2 x 3 pixels and one unused, in a picture of 4 x 6. */
const TILES = [
  [1, 2, 3, 4, 5, 6],
  [7, 8, 9, 10, 11, 12],
  [13, 14, 15, 16, 17, 18],
];

function picture(tiles: readonly (readonly number[])[]): number[] {
  return Array.from({ length: 24 }, (_, n) => {
    const [row, column] = [Math.floor(n / 4), n % 4];
    const tile = tiles[Math.floor(row / 3) * 2 + Math.floor(column / 2)];
    return tile?.[(row % 3) * 2 + (column % 2)] ?? 0;
  });
}

function mosaic(changes: readonly Element[], tiles = TILES): Uint8Array {
  const elements: Element[] = [
    ...imageElements(4, 6),
    { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'MOSAIC'] },
    { tag: '00180050', vr: 'DS', value: '3' },
    { tag: '00180088', vr: 'DS', value: '4' },
    { tag: '00200032', vr: 'DS', value: ['-10', '-20', '30'] },
    { tag: '00200037', vr: 'DS', value: ['1', '0', '0', '0', '1', '0'] },
    { tag: '00280030', vr: 'DS', value: ['2', '1.5'] },
    { tag: '7fe00010', vr: 'OW', value: samples16(picture(tiles)) },
  ];
  const kept = elements.filter(({ tag }, index) => {
    const again = elements.findLastIndex((element) => element.tag === tag) !== index;
    return !again && !changes.some((change) => change.tag === tag);
  });
  return writeDicom([...kept, ...changes.filter(({ value }) => value !== '')]);
}

const csa = (entries: readonly CsaEntry[]): Element => ({
  tag: '00291010',
  vr: 'OB',
  value: csaHeader(entries),
});
const protocol = (text: string): Element => ({
  tag: '00291020',
  vr: 'OB',
  value: Buffer.from(`\0junk ### ASCCONV BEGIN ###\n${text}\n### ASCCONV END ###`, 'latin1'),
});
const PLANNED = 'sSliceArray.lSize                        = 3';
const UPWARDS = 'sSliceArray.asSlice[0].sNormal.dTra      = 0.998';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('Siemens mosaics', () => {
  it('give one slice per tile, each at its place', () => {
    const slices = parseSlices(mosaic([csa([COUNT, NORMAL])]));
    expect(slices.map(({ encoded }) => Array.from(decodeFrame(encoded)))).toEqual(TILES);
    // The picture is two tiles wide and high, so the first tile begins half a tile further in: 1 x 1.5 and 1.5 x 2 mm.
    expect(slices.map(({ positionLps }) => positionLps)).toEqual([
      [-8.5, -17, 30],
      [-8.5, -17, 34],
      [-8.5, -17, 38],
    ]);
    expect(slices[2]).toMatchObject({ frame: 3, rows: 3, columns: 2, sopInstanceUid: '1.2.3.1' });
    expect(slices[2]?.encoded.layout).toMatchObject({ rows: 6, columns: 4 });
  });

  it('count their slices the other way where the CSA normal says so', () => {
    const down: CsaEntry = { name: 'SliceNormalVector', values: ['0', '0', '-1'] };
    const slices = parseSlices(mosaic([csa([COUNT, down])]));
    expect(slices.map(({ positionLps }) => positionLps[2])).toEqual([30, 26, 22]);
  });

  it('take the slice thickness where no spacing is stated', () => {
    const slices = parseSlices(mosaic([csa([COUNT, NORMAL]), { tag: '00180088', vr: 'DS', value: '' }]));
    expect(slices[1]?.positionLps[2]).toBe(33);
  });

  it('know their number from (0019,100A) and their direction from the protocol', () => {
    const number: Element = { tag: '0019100a', vr: 'US', value: 2 };
    const slices = parseSlices(mosaic([number, protocol(`${PLANNED}\n${UPWARDS}`)], TILES));
    expect(codeOf(() => slices)).toBe('no error');
    expect(slices).toHaveLength(2);
  });

  it('without the CSA image header hold the planned slices, and every tile that is not black', () => {
    const header = protocol(`${PLANNED}\n${UPWARDS}`);
    expect(parseSlices(mosaic([header]))).toHaveLength(3);
    expect(parseSlices(mosaic([header], TILES.slice(0, 2)))).toHaveLength(3);
    expect(parseSlices(mosaic([header], [...TILES, [0, 0, 0, 0, 0, 1]]))).toHaveLength(4);
  });

  it.each([
    { name: 'without any CSA header', changes: [] },
    { name: 'without a direction', changes: [protocol(PLANNED)] },
    { name: 'without a number', changes: [protocol(UPWARDS)] },
    {
      name: 'whose tiles do not fit the picture',
      changes: [csa([{ name: 'NumberOfImagesInMosaic', values: ['9'] }, NORMAL])],
    },
    {
      name: 'without a slice distance',
      changes: [
        csa([COUNT, NORMAL]),
        { tag: '00180088', vr: 'DS', value: '' },
        { tag: '00180050', vr: 'DS', value: '' },
      ] as Element[],
    },
    { name: 'planned with tiles that do not fit', changes: [protocol(`sSliceArray.lSize = 9\n${UPWARDS}`)] },
  ])('$name are refused', ({ changes }) => {
    expect(codeOf(() => parseSlices(mosaic(changes)))).toBe('UnsupportedImage');
  });
});

describeWithSharedData('the mosaic of the shared data', () => {
  it('lies where the reference puts it', async () => {
    const files = await readSharedFolder('series/siemens/fmri-mosaic');
    const volumes = files.map((file) => parseSlices(file));
    expect(volumes.map((slices) => slices.length)).toEqual([64, 64]);
    const [first, second] = volumes[0] ?? [];
    if (first === undefined || second === undefined) throw new Error('the mosaic has no slices');
    const step = second.positionLps.map((value, axis) => value - (first.positionLps[axis] as number));
    // Third column of the reference affine (RAS) turned to LPS.
    const expected = [0.001358, 0.577119, 3.025447];
    for (const [axis, value] of step.entries()) expect(value).toBeCloseTo(expected[axis] as number, 5);
  });
});
