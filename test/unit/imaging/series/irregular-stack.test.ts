import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Slice } from '../../../../src/imaging/dicom/slice.ts';
import { applyAffine, invertAffine } from '../../../../src/imaging/geometry/affine.ts';
import { add, column, dot, scale, type Vec3 } from '../../../../src/imaging/geometry/vector.ts';
import { voxelVolumeMl } from '../../../../src/imaging/geometry/volume-geometry.ts';
import { renderPlane } from '../../../../src/imaging/series/render-plane.ts';
import { GRIDS } from '../../../helpers/imaging-phantom.ts';
import { codeOf, makeSeries, makeSlice, planOne, renderOne } from './make-slice.ts';

const COLUMNS = 7;
const ROWS = 6;

/** Linear in the patient: 2 x + 3 y - 4 z + 100, whole wherever the coordinates are. */
function ramp([x, y, z]: Vec3): number {
  return 2 * x + 3 * y - 4 * z + 100;
}

/** A slice that shows the ramp, its first voxel at a position. */
function rampSlice(position: Vec3, uid: number, changes: Partial<Slice> = {}): Slice {
  const pixels = Int16Array.from({ length: COLUMNS * ROWS }, (_, at) =>
    ramp(add(position, [at % COLUMNS, Math.floor(at / COLUMNS), 0])),
  );
  return makeSlice({
    sopInstanceUid: `1.2.3.${uid}`,
    columns: COLUMNS,
    rows: ROWS,
    positionLps: position,
    pixels,
    ...changes,
  });
}

function rampAtHeights(heights: readonly number[], changes: Partial<Slice> = {}): Slice[] {
  return heights.map((z, k) => rampSlice([0, 0, z], k + 1, changes));
}

/** Largest difference between a volume and the ramp at its voxel centres. */
function largestError(slices: readonly Slice[]): number {
  const { geometry, values } = renderOne(slices);
  const [columns, rows] = geometry.sizeIjk;
  let largest = 0;
  values.forEach((value, at) => {
    const ijk: Vec3 = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / columns / rows)];
    largest = Math.max(largest, Math.abs(value - ramp(applyAffine(geometry.affineIjkToLps, ijk))));
  });
  return largest;
}

describe('missing slices', () => {
  const heights = [0, 2, 4, 10, 12, 14];

  it('lie on planes of their own, mixed linearly from their neighbours', () => {
    const plan = planOne(rampAtHeights(heights));
    expect(plan.geometry.sizeIjk).toEqual([COLUMNS, ROWS, 8]);
    expect(plan.geometry.spacingMm).toEqual([1, 1, 2]);
    expect(plan.references.map(({ k }) => k)).toEqual([0, 1, 2, 5, 6, 7]);
    expect(plan.planes[3]?.sources).toEqual([
      { slice: 2, weight: 1 - 1 / 3, shiftPx: [0, 0] },
      { slice: 3, weight: 1 / 3, shiftPx: [0, 0] },
    ]);
    expect(plan.irregularity).toEqual({
      kinds: ['missing-slices'],
      policy: 'resample',
      tiltDegrees: 0,
      gapRangeMm: [2, 6],
      synthesisedPlanes: [3, 4],
      rule: 'gaps of 2.000 to 6.000 mm were put on planes 2.000 mm apart, 2 of 8 mixed linearly from the two nearest slices',
    });
    expect(plan.fill).toBeUndefined();
  });

  it('leave a linear ramp exact, and acquired planes untouched', () => {
    expect(largestError(rampAtHeights(heights))).toBe(0);
  });

  it('take the smallest gap when that puts every acquired slice on a plane', () => {
    const plan = planOne(rampAtHeights([0, 1, 3, 5, 7, 8]));
    expect(plan.geometry.spacingMm[2]).toBe(1);
    expect(plan.references.map(({ k }) => k)).toEqual([0, 1, 3, 5, 7, 8]);
    expect(plan.irregularity?.kinds).toEqual(['missing-slices']);
  });

  it('round mixed integers and say so', () => {
    const volume = renderOne(
      makeSeries(3, (k) => ({
        positionLps: [0, 0, k === 2 ? 3 : k],
        pixels: Int16Array.of(k, 0, 0, 0, 0, 3 * k),
      })),
    );
    expect(volume.values).toBeInstanceOf(Int16Array);
    expect([volume.values[12], volume.values[17]]).toEqual([2, 5]);
    expect(volume.maxStorageError).toBe(0.5);
  });

  it('are rejected by the other policies with the place of the gap', () => {
    for (const irregular of ['native', 'reject'] as const) {
      const plan = () => planOne(rampAtHeights(heights), { irregular });
      expect(codeOf(plan)).toBe('IrregularSpacing');
      expect(plan).toThrow('the gap of 6.000 mm after slice 2 differs from the median gap of 2.000 mm');
    }
  });
});

describe('uneven spacing', () => {
  it('becomes the even grid nearest the median gap, from the first slice to the last', () => {
    const heights = [0, 1, 2, 3.4, 4.4, 5.1];
    const plan = planOne(rampAtHeights(heights));
    expect(plan.geometry.sizeIjk[2]).toBe(6);
    expect(plan.geometry.spacingMm[2]).toBeCloseTo(1.02, 12);
    expect(plan.references.map(({ k }) => k)).toEqual([0, ...heights.slice(1, -1).map((z) => z / 1.02), 5]);
    expect(plan.irregularity).toMatchObject({
      kinds: ['uneven-spacing'],
      gapRangeMm: [expect.closeTo(0.7, 9), expect.closeTo(1.4, 9)],
      synthesisedPlanes: [1, 2, 3, 4],
    });
  });

  it('leaves a linear ramp exact in float32', () => {
    const rescale = { slope: 0.5, intercept: 0.25, fromFile: true };
    const { geometry, values, maxStorageError } = renderOne(
      rampAtHeights([0, 1, 2, 3.5, 4.5, 5.25], { rescale }),
    );
    const [columns, rows] = geometry.sizeIjk;
    values.forEach((value, at) => {
      const ijk: Vec3 = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / columns / rows)];
      const exact = 0.5 * ramp(applyAffine(geometry.affineIjkToLps, ijk)) + 0.25;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(maxStorageError);
    });
  });

  it('holds small errors of one sign to the even grid', () => {
    const stretched = rampAtHeights(
      Array.from({ length: 60 }, (_, k) => (k < 30 ? k * 2.52 : 30 * 2.52 + (k - 30) * 2.5)),
    );
    expect(codeOf(() => planOne(stretched, { irregular: 'reject' }))).toBe('IrregularSpacing');
    expect(planOne(stretched).irregularity?.kinds).toEqual(['uneven-spacing']);
  });
});

describe('gantry tilt', () => {
  const SLOPE = 0.3;
  const tilted = (count: number, changes: Partial<Slice> = {}) =>
    Array.from({ length: count }, (_, k) => rampSlice([0, SLOPE * k * 2, k * 2], k + 1, changes));

  it('is undone by shifting slices in a field of view that holds them all', () => {
    const plan = planOne(tilted(4));
    expect(plan.geometry.sizeIjk).toEqual([COLUMNS, ROWS + 2, 4]);
    expect(plan.geometry.originLps).toEqual([0, 0, 0]);
    expect(plan.planes.map(({ sources }) => sources.map(({ shiftPx }) => shiftPx))).toEqual([
      [[0, 0]],
      [[0, expect.closeTo(-0.6, 9)]],
      [[0, expect.closeTo(-1.2, 9)]],
      [[0, expect.closeTo(-1.8, 9)]],
    ]);
    expect(plan.irregularity).toEqual({
      kinds: ['gantry-tilt'],
      policy: 'resample',
      tiltDegrees: expect.closeTo((Math.atan(SLOPE) * 180) / Math.PI, 9),
      gapRangeMm: [2, 2],
      synthesisedPlanes: [],
      rule: 'a gantry tilt of 16.70 degrees was undone by shifting slices in their plane',
    });
  });

  it('grows the field of view backwards for a tilt the other way', () => {
    const plan = planOne([0, 1, 2].map((k) => rampSlice([-0.5 * k, 0, 2 * k], k + 1)));
    expect(plan.geometry.sizeIjk).toEqual([COLUMNS + 1, ROWS, 3]);
    expect(plan.geometry.originLps).toEqual([-1, 0, 0]);
    expect(plan.planes[0]?.sources[0]?.shiftPx).toEqual([-1, 0]);
  });

  it('leaves a linear ramp exact where the slices lie, and the least value elsewhere', () => {
    // Positions are multiples of 1/3 mm with a ramp of 3 per mm in y: stored values are whole.
    const slices = [0, 1, 2, 3].map((k) => rampSlice([0, k / 3, k], k + 1));
    const lowest = Math.min(
      ...slices.flatMap((slice) => [...new Int16Array(slice.encoded.parts[0]?.buffer as ArrayBuffer)]),
    );
    const plan = planOne(slices);
    expect(plan).toMatchObject({ dataType: 'by-range', fill: 'minimum' });
    expect(plan.warnings).toEqual([expect.stringContaining('names no PixelPaddingValue')]);
    const { values, geometry } = renderOne(slices);
    expect(geometry.sizeIjk).toEqual([COLUMNS, ROWS + 1, 4]);
    expect(values).toBeInstanceOf(Int16Array);
    // The last row of plane 0 lies beyond its slice.
    expect([...values.subarray(COLUMNS * ROWS, COLUMNS * (ROWS + 1))]).toEqual(Array(COLUMNS).fill(lowest));
    const inner = values.subarray(COLUMNS * (ROWS + 1), 2 * COLUMNS * (ROWS + 1));
    for (let j = 1; j < ROWS; j++) {
      for (let i = 0; i < COLUMNS; i++) expect(inner[j * COLUMNS + i]).toBe(ramp([i, j, 1]));
    }
  });

  it('keeps padding out of the mixture and fills with it', () => {
    const paddingStored = { low: -2000, high: -2000 };
    const slices = [0, 1, 2].map((k) => {
      const slice = rampSlice([0, 0.4 * k, k], k + 1, { paddingStored });
      const stored = new Int16Array(slice.encoded.parts[0]?.buffer as ArrayBuffer);
      stored.fill(-2000, 0, COLUMNS);
      return slice;
    });
    const plan = planOne(slices);
    expect(plan).toMatchObject({ dataType: 'int16', fill: -2000, warnings: [] });
    const { values } = renderOne(slices);
    const mixed = [...values].filter((value) => value < 0 && value !== -2000);
    expect(mixed).toEqual([]);
    const row = (j: number) => values[COLUMNS * (ROWS + 1) + COLUMNS * j];
    // Slice 1 starts at y = 0.4 and its first row is padding: row 1 has 60 % of its weight inside, row 2 all of it.
    expect([row(0), row(1), row(2)]).toEqual([-2000, 100, Math.round(0.4 * 100 + 0.6 * 103)]);
  });

  it('keeps the acquired voxels on a sheared grid by policy native', () => {
    const slices = tilted(4);
    const plan = planOne(slices, { irregular: 'native' });
    expect(plan.geometry.sizeIjk).toEqual([COLUMNS, ROWS, 4]);
    plan.slices.forEach(({ positionLps }, k) => {
      applyAffine(plan.geometry.affineIjkToLps, [0, 0, k]).forEach((value, axis) => {
        expect(value).toBeCloseTo(positionLps[axis] as number, 9);
      });
    });
    // A leaning voxel holds what the upright one of the same height does.
    expect(voxelVolumeMl(plan.geometry)).toBeCloseTo(0.002, 12);
    expect(plan.irregularity).toMatchObject({
      kinds: ['gantry-tilt'],
      policy: 'native',
      synthesisedPlanes: [],
    });
    const out = new Int16Array(COLUMNS * ROWS);
    renderPlane(plan, 2, 'int16', out);
    expect([...out]).toEqual([...new Int16Array(slices[2]?.encoded.parts[0]?.buffer as ArrayBuffer)]);
  });

  it('is rejected by policy reject, and by native where no affine describes it', () => {
    expect(codeOf(() => planOne(tilted(4), { irregular: 'reject' }))).toBe('GantryTilt');
    expect(() => planOne(tilted(4), { irregular: 'reject' })).toThrow('about 16.7 degrees');
    const zigzag = [0, 1, 2, 3].map((k) => rampSlice([0, k % 2, 2 * k], k + 1));
    expect(codeOf(() => planOne(zigzag, { irregular: 'native' }))).toBe('GantryTilt');
    expect(planOne(zigzag).geometry.sizeIjk).toEqual([COLUMNS, ROWS + 1, 4]);
  });

  it('of more than 45 degrees is no volume at all', () => {
    const steep = [0, 1, 2].map((k) => rampSlice([0, 3 * k, 2 * k], k + 1));
    for (const irregular of ['resample', 'native', 'reject'] as const) {
      expect(codeOf(() => planOne(steep, { irregular }))).toBe('GantryTilt');
    }
  });

  it('together with missing slices mixes shifted slices', () => {
    const slices = [0, 1, 2, 5, 6].map((k) => rampSlice([0, k / 3, k], k + 1));
    const plan = planOne(slices);
    expect(plan.irregularity).toMatchObject({
      kinds: ['gantry-tilt', 'missing-slices'],
      synthesisedPlanes: [3, 4],
      rule: expect.stringMatching(/tilt.*; gaps/),
    });
    const { values, geometry } = renderOne(slices);
    const [columns, rows] = geometry.sizeIjk;
    for (let k = 0; k < 7; k++) {
      for (let j = 2; j < ROWS - 1; j++) {
        expect(values[(k * rows + j) * columns + 3]).toBe(ramp([3, j, k]));
      }
    }
  });
});

describe('any irregular stack', () => {
  it.each(GRIDS)('holds every acquired voxel on the grid of $name', ({ geometry }) => {
    const [row, columnAxis, normal] = [0, 1, 2].map((axis) =>
      column(geometry.directionLps, axis as 0 | 1 | 2),
    );
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 6 }),
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        (gaps, leanRow, leanColumn) => {
          let height = 0;
          const heights = [0, ...gaps.map((gap) => (height += 2 * gap))];
          const lean = add(scale(row as Vec3, leanRow), scale(columnAxis as Vec3, leanColumn));
          const slices = heights.map((z, k) =>
            makeSlice({
              sopInstanceUid: `1.2.3.${k}`,
              rowCosinesLps: row as Vec3,
              columnCosinesLps: columnAxis as Vec3,
              pixelSpacingMm: [1.3, 0.7],
              positionLps: add(geometry.originLps, add(scale(normal as Vec3, z), scale(lean, z))),
            }),
          );
          const plan = planOne(slices);
          const toIjk = invertAffine(plan.geometry.affineIjkToLps);
          const [columns, rows, planes] = plan.geometry.sizeIjk;
          plan.references.forEach(({ positionLps, k }) => {
            const [i, j, at] = applyAffine(toIjk, positionLps);
            expect(at).toBeCloseTo(k, 6);
            expect(i).toBeGreaterThan(-0.15);
            expect(i + 2).toBeLessThan(columns - 1 + 0.15);
            expect(j).toBeGreaterThan(-0.15);
            expect(j + 1).toBeLessThan(rows - 1 + 0.15);
            expect(at).toBeLessThan(planes);
          });
          plan.planes.forEach(({ sources }) => {
            expect(sources.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
          });
          const axes = [0, 1, 2].map((axis) => column(plan.geometry.directionLps, axis as 0 | 1 | 2));
          expect(Math.abs(dot(axes[0] as Vec3, axes[2] as Vec3))).toBeLessThan(1e-9);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('too large to hold is refused', () => {
    const stray = makeSeries(4, (k) => ({ positionLps: [0, 0, k === 3 ? 1e9 : k] }));
    expect(codeOf(() => planOne(stray))).toBe('VolumeTooLarge');
    const slices = makeSeries(2, (k) => ({ columns: 40_000, rows: 40_000, positionLps: [0, 0, 2 * k] }));
    expect(codeOf(() => planOne(slices))).toBe('VolumeTooLarge');
  });
});
