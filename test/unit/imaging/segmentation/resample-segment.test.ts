import { describe, expect, test } from '@jest/globals';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import { drawRegions, stackTarget } from './draw-regions.ts';
import { type SegFrameSpec, type SegSpec, segFile } from './seg-file.ts';

const TARGET = stackTarget({ sizeIjk: [8, 8, 6] });

function parse(frames: readonly SegFrameSpec[], size: Partial<SegSpec> = {}, resample = true) {
  return parseSeg(memoryRanges(segFile({ columns: 4, rows: 4, frames, ...size })), { resample });
}

function frame(ones: readonly (readonly [number, number])[], change: Partial<SegFrameSpec>): SegFrameSpec {
  const pixels = Array.from({ length: 16 }, () => 0);
  for (const [column, row] of ones) pixels[row * 4 + column] = 1;
  return { pixels, orientation: [1, 0, 0, 0, 1, 0], spacing: [2, 2], ...change };
}

/** Pixels of 2 x 2 mm whose cells hold four voxels each; frames 2 mm apart. */
const COARSE = [
  frame(
    [
      [0, 0],
      [3, 1],
    ],
    { position: [0.5, 0.5, 0.5] },
  ),
  frame([[1, 1]], { position: [0.5, 0.5, 2.5] }),
];

describe('a segmentation on another grid', () => {
  test('is refused unless resampling was allowed', () => {
    const set = parse(COARSE, {}, false);
    expect(() => set.check(TARGET, set.regions)).toThrow(
      expect.objectContaining({ code: 'SegGridMismatch' }),
    );
  });

  test('gives each voxel the pixel whose cell holds its centre, and says so', () => {
    const set = parse(COARSE);
    expect(set.check(TARGET, set.regions)).toEqual([
      expect.objectContaining({ code: 'SegResampled', needsReview: true }),
    ]);
    const [region] = drawRegions(set, TARGET);
    const block = (i: number, j: number, k: number) =>
      [0, 1].flatMap((dk) => [0, 1].flatMap((dj) => [0, 1].map((di) => `${i + di} ${j + dj} ${k + dk}`)));
    const expected = [...block(0, 0, 0), ...block(6, 2, 0), ...block(2, 2, 2)];
    expect(region?.voxels.toSorted()).toEqual(expected.toSorted());
    expect(region?.drawing).toEqual({ planes: 2, volumeMm3: 24, lostPixels: 0, gaps: [], warnings: [] });
  });

  test('is not resampled when it lies on the grid', () => {
    const exact = frame([[1, 2]], { position: [0, 0, 3], spacing: [1, 1] });
    const set = parse([exact]);
    expect(set.check(TARGET, set.regions)).toEqual([]);
    expect(drawRegions(set, TARGET).map(({ voxels }) => voxels)).toEqual([['1 2 3']]);
  });

  test('may be rotated against the images', () => {
    const turned = frame(
      [
        [0, 0],
        [1, 0],
      ],
      {
        position: [4, 4, 1],
        orientation: [0.6, 0.8, 0, -0.8, 0.6, 0],
        spacing: [1, 2],
      },
    );
    const [region] = drawRegions(parse([turned]), TARGET);
    // Cells of 2 mm along (0.6, 0.8) and 1 mm across, around (4, 4) and (5.2, 5.6).
    const inside = (i: number, j: number) => {
      const [x, y] = [i - 4, j - 4];
      const [along, across] = [0.6 * x + 0.8 * y, -0.8 * x + 0.6 * y];
      return along >= -1 && along < 3 && across >= -0.5 && across < 0.5;
    };
    const expected = Array.from({ length: 64 }, (_, at) => [at % 8, at >> 3] as const)
      .filter(([i, j]) => inside(i, j))
      .map(([i, j]) => `${i} ${j} 1`);
    expect(region?.voxels.toSorted()).toEqual(expected.toSorted());
  });

  test('leaves slices between its own frames alone when frames are missing', () => {
    const sparse = [0, 1, 4].map((k) => frame([[0, 0]], { position: [0.25, 0, k], spacing: [1, 1] }));
    expect(drawRegions(parse(sparse), TARGET).map(({ voxels }) => voxels)).toEqual([
      ['0 0 0', '0 0 1', '0 0 4'],
    ]);
  });

  test('can have an empty segment', () => {
    const set = parse([...COARSE, frame([], { position: [0.5, 0.5, 0.5], segment: 2 })]);
    expect(drawRegions(set, TARGET)[1]?.voxels).toEqual([]);
  });

  test.each([
    ['two grids', [COARSE[0], frame([[0, 0]], { position: [0, 0, 3], spacing: [3, 3] })]],
    ['a frame without position', [COARSE[0], frame([[0, 0]], { position: undefined })]],
  ])('is refused when it has %s', (_, frames) => {
    const set = parse(frames as SegFrameSpec[]);
    expect(() => set.check(TARGET, set.regions)).toThrow(
      expect.objectContaining({ code: 'SegGridMismatch' }),
    );
  });

  test('never hides that it belongs to other images', () => {
    const set = parse(COARSE, { seriesUid: 'another' });
    expect(() => set.check(TARGET, set.regions)).toThrow(
      expect.objectContaining({ code: 'ReferencedSeriesMissing' }),
    );
  });
});
