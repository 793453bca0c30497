import { describe, expect, test } from '@jest/globals';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import type { Element } from '../../../helpers/dicom-elements.ts';
import { drawRegions, stackTarget } from './draw-regions.ts';
import { type SegFrameSpec, segFile, segment } from './seg-file.ts';

const TARGET = stackTarget({ sizeIjk: [3, 3, 5] });
const SEGMENTS = [segment(1, 'One'), segment(2, 'Two')];

/** Frames with one pixel each; 9 bits a frame, so the second part begins anew at a byte. */
const FRAMES: readonly SegFrameSpec[] = [0, 1, 2, 3, 4].map((k) => ({
  pixels: Array.from({ length: 9 }, (_, at) => (at === k ? 1 : 0)),
  segment: k < 3 ? 1 : 2,
  position: [0, 0, k],
  source: `image.${k}`,
}));
const EXPECTED = [
  ['0 0 0', '1 0 1', '2 0 2'],
  ['0 1 3', '1 1 4'],
];

interface PartSpec {
  readonly from: number;
  readonly to: number;
  readonly number: number;
  readonly total?: number | undefined;
  readonly uid?: string;
  readonly offset?: number;
  readonly segments?: Element[][];
}

function part({ from, to, number, total, uid = '1.9', offset = from, segments = SEGMENTS }: PartSpec) {
  const elements: Element[] = [
    { tag: '00200242', vr: 'UI', value: '1.2.3.99' },
    { tag: '00209161', vr: 'UI', value: uid },
    { tag: '00209162', vr: 'US', value: number },
    ...(total === undefined ? [] : [{ tag: '00209163', vr: 'US', value: total } as const]),
    { tag: '00209228', vr: 'UL', value: offset },
  ];
  const changes = Object.fromEntries(elements.map((element) => [element.tag, element]));
  const frames = FRAMES.slice(from, to);
  return memoryRanges(segFile({ columns: 3, rows: 3, frames, segments, changes }));
}

const FIRST = part({ from: 0, to: 2, number: 1, total: 3 });
const SECOND = part({ from: 2, to: 4, number: 2, total: 3 });
const THIRD = part({ from: 4, to: 5, number: 3, total: 3 });

function expectRefused(parts: Parameters<typeof parseSeg>[0], code = 'SegConcatenation'): void {
  expect(() => parseSeg(parts)).toThrow(expect.objectContaining({ code }));
}

describe('a concatenation', () => {
  test('is joined in the order of its parts, however they are given', () => {
    const set = parseSeg([THIRD, FIRST, SECOND]);
    expect(set.sourceUid).toBe('1.2.3.99');
    expect(set.regions.map(({ name, parts }) => [name, parts])).toEqual([
      ['One', 3],
      ['Two', 2],
    ]);
    expect(drawRegions(set, TARGET).map(({ voxels }) => voxels)).toEqual(EXPECTED);
  });

  test('is the same as one file', () => {
    const whole = memoryRanges(segFile({ columns: 3, rows: 3, frames: FRAMES, segments: SEGMENTS }));
    expect(drawRegions(parseSeg(whole), TARGET).map(({ voxels }) => voxels)).toEqual(EXPECTED);
  });

  test('need not say how many parts it has', () => {
    const parts = [part({ from: 0, to: 3, number: 1 }), part({ from: 3, to: 5, number: 2 })];
    expect(drawRegions(parseSeg(parts), TARGET).map(({ voxels }) => voxels)).toEqual(EXPECTED);
  });

  test('of one part is whole', () => {
    const only = part({ from: 0, to: 5, number: 1, total: 1 });
    expect(drawRegions(parseSeg(only), TARGET).map(({ voxels }) => voxels)).toEqual(EXPECTED);
  });

  test('is refused when a part is missing, given twice or not its own', () => {
    expectRefused(FIRST);
    expectRefused([FIRST, THIRD]);
    expectRefused([FIRST, FIRST, SECOND]);
    expectRefused([FIRST, SECOND, part({ from: 4, to: 5, number: 3, total: 3, uid: '1.8' })]);
    expectRefused([FIRST, memoryRanges(segFile({ columns: 3, rows: 3, frames: FRAMES }))]);
    expectRefused([]);
  });

  test('is refused when its parts do not follow each other', () => {
    expectRefused([FIRST, part({ from: 2, to: 4, number: 2, total: 2, offset: 3 })]);
  });

  test('is refused when its parts name different segments', () => {
    const segments = [segment(1, 'One'), segment(2, 'Other')];
    expectRefused([FIRST, SECOND, part({ from: 4, to: 5, number: 3, total: 3, segments })], 'MalformedSeg');
  });

  test('is refused with a number of parts that no file could hold', () => {
    expectRefused(part({ from: 0, to: 5, number: 1, total: 65_535 }));
  });
});
