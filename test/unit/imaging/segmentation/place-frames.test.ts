import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { MaskTarget } from '../../../../src/imaging/mask/mask-target.ts';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import { sequence, uid } from '../../../helpers/dicom-elements.ts';
import { drawRegions, stackTarget } from './draw-regions.ts';
import { type SegFrameSpec, type SegSpec, segFile } from './seg-file.ts';

const COLUMNS = 6;
const ROWS = 4;
const TARGET = stackTarget({ sizeIjk: [COLUMNS, ROWS, 3] });

function parse(frames: readonly SegFrameSpec[], size: Partial<SegSpec> = {}) {
  return parseSeg(memoryRanges(segFile({ columns: COLUMNS, rows: ROWS, frames, ...size })));
}

function frame(
  change: Partial<SegFrameSpec> = {},
  ones: readonly (readonly [number, number])[] = [[1, 2]],
  columns = COLUMNS,
  rows = ROWS,
): SegFrameSpec {
  const pixels = Array.from({ length: columns * rows }, () => 0);
  for (const [column, row] of ones) pixels[row * columns + column] = 1;
  return { pixels, position: [0, 0, 0], ...change };
}

function voxels(frames: readonly SegFrameSpec[], target: MaskTarget = TARGET, size: Partial<SegSpec> = {}) {
  return drawRegions(parse(frames, size), target).map((region) => region.voxels);
}

function expectCode(
  code: string,
  frames: readonly SegFrameSpec[],
  target = TARGET,
  size: Partial<SegSpec> = {},
): void {
  const set = parse(frames, size);
  expect(() => set.check(target, set.regions)).toThrow(expect.objectContaining({ code }));
}

describe('frames on the grid of the images', () => {
  test('may be cropped: they lie whole pixels inside the image', () => {
    const cropped = frame(
      { position: [3, 1, 2] },
      [
        [0, 0],
        [2, 1],
      ],
      3,
      2,
    );
    expect(voxels([cropped], TARGET, { columns: 3, rows: 2 })).toEqual([['3 1 2', '5 2 2']]);
  });

  test('may reach beyond the image; pixels there are reported', () => {
    const wide = frame(
      { position: [-1, -1, 1] },
      [
        [0, 0],
        [1, 1],
        [7, 5],
      ],
      8,
      6,
    );
    const [region] = drawRegions(parse([wide], { columns: 8, rows: 6 }), TARGET);
    expect(region?.voxels).toEqual(['0 0 1']);
    expect(region?.drawing.warnings).toEqual([
      expect.objectContaining({ code: 'PixelsOutsideImages', needsReview: true, details: { count: 2 } }),
    ]);
  });

  test('flipped and transposed frames of any orientation cover the voxels they lie on', () => {
    const axes = [
      [1, 0, 0],
      [-1, 0, 0],
      [0, 1, 0],
      [0, -1, 0],
    ] as const;
    const orientations = axes.flatMap((row) =>
      axes
        .filter((column) => row[0] * column[0] === 0 && row[1] * column[1] === 0)
        .map((column) => [row, column] as const),
    );
    expect(orientations).toHaveLength(8);
    for (const [row, column] of orientations) {
      const columns = row[0] === 0 ? ROWS : COLUMNS;
      const rows = row[0] === 0 ? COLUMNS : ROWS;
      const start = (axis: 0 | 1) =>
        row[axis] + column[axis] < 0 ? ([COLUMNS, ROWS][axis] as number) - 1 : 0;
      const position = [start(0), start(1), 1] as const;
      const at = (c: number, r: number) =>
        `${position[0] + c * row[0] + r * column[0]} ${position[1] + c * row[1] + r * column[1]} 1`;
      const ones = [
        [0, 0],
        [2, 0],
        [3, 3],
        [1, 2],
      ] as const;
      const turned = frame({ position, orientation: [...row, ...column] }, ones, columns, rows);
      const [drawn] = voxels([turned], TARGET, { columns, rows });
      expect(drawn?.toSorted()).toEqual(ones.map(([c, r]) => at(c, r)).toSorted());
    }
  });

  test('follow the images anywhere in the patient, with pixels that are not square', () => {
    const oblique = {
      directionLps: [0.6, 0, 0.8, 0, 1, 0, -0.8, 0, 0.6] as const,
      spacingMm: [0.7, 1.3, 2] as const,
    };
    const target = stackTarget({ sizeIjk: [COLUMNS, ROWS, 3], originLps: [-100, 20, 7], ...oblique });
    const place = (i: number, j: number, k: number) =>
      [-100 + 0.6 * 0.7 * i + 0.8 * 2 * k, 20 + 1.3 * j, 7 - 0.8 * 0.7 * i + 0.6 * 2 * k] as const;
    const cropped = frame(
      { position: place(2, 1, 2), orientation: [0.6, 0, -0.8, 0, 1, 0], spacing: [1.3, 0.7] },
      [[1, 2]],
      3,
      3,
    );
    expect(voxels([cropped], target, { columns: 3, rows: 3 })).toEqual([['3 3 2']]);
  });

  test('are taken wherever a whole-pixel crop puts them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3, max: 6 }),
        fc.integer({ min: -3, max: 6 }),
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: -40, max: 40 }),
        (i, j, k, off) => {
          const shift = off / 1000;
          const cropped = frame({ position: [i + shift, j - shift, k + shift] }, [[1, 1]], 2, 2);
          const [x, y] = [i + 1, j + 1];
          const inside = x >= 0 && y >= 0 && x < COLUMNS && y < ROWS;
          expect(voxels([cropped], TARGET, { columns: 2, rows: 2 })).toEqual([
            inside ? [`${x} ${y} ${k}`] : [],
          ]);
        },
      ),
    );
  });

  test.each([
    ['half a pixel off', { position: [0.5, 0, 0] }],
    ['a tenth of a pixel off', { position: [0, 0.1, 0] }],
    ['between two slices', { position: [0, 0, 0.5] }],
    ['off its slice', { position: [0, 0, 1.1], source: 'image.1' }],
    ['of other spacing', { spacing: [2, 2], orientation: [1, 0, 0, 0, 1, 0] }],
    ['of slightly other spacing', { spacing: [1, 1.02], orientation: [1, 0, 0, 0, 1, 0] }],
    ['rotated', { orientation: [0.8, 0.6, 0, -0.6, 0.8, 0] }],
    ['across the slices', { orientation: [1, 0, 0, 0, 0, 1] }],
    ['along one axis twice', { orientation: [1, 0, 0, 1, 0, 0] }],
    ['without position or image', { position: undefined }],
  ] as const)('are refused %s', (_, change) => expectCode('SegGridMismatch', [frame(change)]));

  test('are refused when all of them lie beyond the volume', () => {
    expectCode('SegGridMismatch', [frame({ position: [0, 0, 7] }), frame({ position: [0, 0, 8] })]);
  });

  test('beyond the volume are left out and reported', () => {
    const frames = [
      frame({ source: 'image.0' }),
      frame({ position: [0, 0, 7] }),
      frame({ position: [0, 0, -1], source: 'elsewhere' }),
    ];
    const set = parse(frames);
    const [region] = drawRegions(set, TARGET);
    expect(region?.voxels).toEqual(['1 2 0']);
    expect(region?.drawing.warnings).toEqual([
      expect.objectContaining({ code: 'FramesOutsideVolume', details: { count: 2 } }),
    ]);
  });
});

describe('frames and the images they name', () => {
  test('lie on that image when it was acquired a little off its place', () => {
    const slices = TARGET.slices.map((slice) => ({
      ...slice,
      statedLps: [0.09, 0, slice.k * 1.04] as const,
    }));
    const named = frame({ position: [0.09, 0, 2.08], source: 'image.2' });
    expect(voxels([named], { ...TARGET, slices })).toEqual([['1 2 2']]);
  });

  test('may name every image they were computed from', () => {
    const images = [0, 1, 2].map((k) => [uid('00081155', `image.${k}`)]);
    const shared = [sequence('00089124', [[sequence('00082112', images)]])];
    expect(voxels([frame({ position: [0, 0, 1] })], TARGET, { shared })).toEqual([['1 2 1']]);
  });

  test('must agree with it', () => {
    expectCode('SegGridMismatch', [frame({ position: [0, 0, 2], source: 'image.0' })]);
  });

  test('are placed by it alone when all positions are the same, as viewers write them for ultrasound', () => {
    const frames = [0, 2].map((k) => frame({ source: `image.${k}` }, [[k, 0]]));
    expect(voxels(frames)).toEqual([['0 0 0', '2 0 2']]);
  });

  test('are placed by frame number on one multi-frame image', () => {
    const slices = [0, 1, 2].map((k) => ({ k, sopInstanceUid: 'cine', frame: k + 1 }));
    const frames = [1, 3].map((number) =>
      frame({ position: undefined, source: 'cine', sourceFrame: number }),
    );
    expect(voxels(frames, { ...TARGET, slices })).toEqual([['1 2 0', '1 2 2']]);
  });

  test('are refused when the image has no such frame', () => {
    const slices = [0, 1, 2].map((k) => ({ k, sopInstanceUid: 'cine', frame: k + 1 }));
    const beyond = frame({ position: undefined, source: 'cine', sourceFrame: 9 });
    expectCode('ReferencedImageMissing', [beyond], { ...TARGET, slices });
  });

  test('without position need the size of the image', () => {
    const small = frame({ position: undefined, source: 'image.1' }, [[1, 1]], 3, 3);
    expectCode('SegGridMismatch', [small], TARGET, { columns: 3, rows: 3 });
  });

  test('are refused when they lie in the volume but name another image', () => {
    expectCode('ReferencedImageMissing', [frame(), frame({ source: 'image.0' }), frame({ source: 'other' })]);
    expectCode('ReferencedImageMissing', [frame({ source: 'other' })]);
  });

  test('are refused on another series, unless every frame names an image of it', () => {
    expectCode('ReferencedSeriesMissing', [frame()], TARGET, { seriesUid: 'another' });
    const set = parse([frame({ source: 'image.0' })], { seriesUid: 'another' });
    expect(set.check(TARGET, set.regions)).toEqual([]);
  });

  test('are refused in another frame of reference, unless every frame names an image', () => {
    const elsewhere = { ...TARGET, frameOfReferenceUid: '9.9' };
    expectCode('FrameOfReferenceMismatch', [frame()], elsewhere);
    const set = parse([frame({ source: 'image.0' })]);
    expect(set.check(elsewhere, set.regions)).toEqual([
      expect.objectContaining({ code: 'FrameOfReferenceDiffers', needsReview: false }),
    ]);
  });

  test('only those of the regions that are drawn have to fit', () => {
    const set = parse([frame({ segment: 1 }), frame({ segment: 2, position: [0.5, 0, 0] })]);
    const [fits, doesNot] = set.regions;
    if (fits === undefined || doesNot === undefined) throw new Error('two regions are expected');
    expect(set.check(TARGET, [fits])).toEqual([]);
    expect(() => set.check(TARGET, [doesNot])).toThrow(expect.objectContaining({ code: 'SegGridMismatch' }));
  });
});

describe('frames on a resampled stack', () => {
  const SIDE = 64;
  /** A disc around the middle, shifted. */
  const disc = (shiftX: number, radius: number, at: Partial<SegFrameSpec>): SegFrameSpec => {
    const ones = Array.from({ length: SIDE * SIDE }, (_, n) => [n % SIDE, Math.floor(n / SIDE)] as const);
    const inside = ones.filter(([x, y]) => (x - 31.5 - shiftX) ** 2 + (y - 31.5) ** 2 < radius ** 2);
    return frame(at, inside, SIDE, SIDE);
  };
  const size = { columns: SIDE, rows: SIDE };

  test('are interpolated by shape between neighbouring acquired planes', () => {
    const slices = [0, 2, 4].map((k) => ({ k, sopInstanceUid: `image.${k}`, frame: 1 }));
    const target = { ...stackTarget({ sizeIjk: [SIDE, SIDE, 5] }), slices };
    const frames = [
      disc(0, 4, { position: [0, 0, 0], source: 'image.0' }),
      disc(0, 4, { position: [0, 0, 2], source: 'image.2' }),
      frame({ position: [0, 0, 4], source: 'image.4' }, [], SIDE, SIDE),
    ];
    const [region] = drawRegions(parse(frames, size), target);
    const perSlice = (k: number) => (region?.voxels ?? []).filter((voxel) => voxel.endsWith(` ${k}`)).length;
    const area = perSlice(0);
    // Slice 3 lies halfway to a plane without the region: the lower plane, which has it, gets the tie.
    expect([0, 1, 2, 3, 4].map(perSlice)).toEqual([area, area, area, area, 0]);
  });

  test('end at a gap that is longer than a few missing slices', () => {
    const slices = [0, 1, 12].map((k) => ({ k, sopInstanceUid: `image.${k}`, frame: 1 }));
    const target = { ...stackTarget({ sizeIjk: [SIDE, SIDE, 13] }), slices };
    const frames = [0, 1, 12].map((k) => disc(0, 4, { position: [0, 0, k], source: `image.${k}` }));
    const [region] = drawRegions(parse(frames, size), target);
    const shown = new Set((region?.voxels ?? []).map((voxel) => Number(voxel.split(' ')[2])));
    expect([...shown]).toEqual([0, 1, 12]);
    expect(region?.drawing.planes).toBe(3);
  });

  test('keep their shape where a tilted stack shifts them by parts of a pixel', () => {
    const slices = [0, 1, 2].map((k) => ({
      k,
      sopInstanceUid: `image.${k}`,
      frame: 1,
      positionLps: [0.4 * k, 0, k] as const,
      statedLps: [0.4 * k, 0, k] as const,
    }));
    const target = { ...stackTarget({ sizeIjk: [SIDE, SIDE, 3] }), slices };
    const frames = [0, 1, 2].map((k) =>
      disc(-0.4 * k, 20, { position: [0.4 * k, 0, k], source: `image.${k}` }),
    );
    const [region] = drawRegions(parse(frames, size), target);
    const truth = disc(0, 20, {}).pixels;
    for (const k of [0, 1, 2]) {
      const drawn = (region?.voxels ?? []).filter((voxel) => voxel.endsWith(` ${k}`));
      const common = drawn.filter((voxel) => {
        const [i = 0, j = 0] = voxel.split(' ').map(Number);
        return truth[j * SIDE + i] === 1;
      });
      const dice = (2 * common.length) / (drawn.length + truth.filter((pixel) => pixel === 1).length);
      expect(dice).toBeGreaterThan(0.985);
    }
  });
});
