import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Slice } from '../../../../src/imaging/dicom/slice.ts';
import { groupBySeries } from '../../../../src/imaging/series/group-by-series.ts';
import { planSeries } from '../../../../src/imaging/series/plan-series.ts';
import type { VolumePlan } from '../../../../src/imaging/series/volume-plan.ts';
import { codeOf, makeSeries, makeSlice, planOne, SERIES_UID } from './make-slice.ts';

describe('groupBySeries', () => {
  it('gathers slices by series in the order of their appearance', () => {
    const slices = ['2', '1', '2', '3'].map((seriesUid) => makeSlice({ seriesUid }));
    const groups = groupBySeries(slices);
    expect([...groups].map(([uid, group]) => [uid, group.length])).toEqual([
      ['2', 2],
      ['1', 1],
      ['3', 1],
    ]);
  });
});

describe('images that are no slices', () => {
  const scout = makeSlice({ sopInstanceUid: '9', imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] });
  const capture = makeSlice({ sopInstanceUid: '8', sopClassUid: '1.2.840.10008.5.1.4.1.1.7' });
  const multiFrameCapture = makeSlice({
    sopInstanceUid: '7',
    frame: 2,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.7.2',
  });
  const colour = makeSlice({ sopInstanceUid: '6', photometricInterpretation: 'RGB' });

  it('are set aside with their code', () => {
    const plan = planSeries([scout, ...makeSeries(3), capture, multiFrameCapture, colour]);
    expect(plan.volumes).toHaveLength(1);
    expect(plan.rejected).toEqual([
      { sopInstanceUid: '6', frame: 1, code: 'ColourImage', message: expect.stringContaining('RGB') },
      { sopInstanceUid: '7', frame: 2, code: 'SecondaryCapture', message: expect.any(String) },
      { sopInstanceUid: '8', frame: 1, code: 'SecondaryCapture', message: expect.any(String) },
      { sopInstanceUid: '9', frame: 1, code: 'Localizer', message: expect.stringContaining('LOCALIZER') },
    ]);
  });

  it.each([
    { code: 'Localizer', slice: scout },
    { code: 'SecondaryCapture', slice: capture },
    { code: 'ColourImage', slice: colour },
  ])('make a series without volumes when there is nothing else: $code', ({ code, slice }) => {
    expect(codeOf(() => planSeries([slice, slice]))).toBe(code);
  });

  it('do not stand in the way of another SOP class with a similar UID', () => {
    const other = makeSeries(2, () => ({ sopClassUid: '1.2.840.10008.5.1.4.1.1.77.1.6' }));
    expect(planSeries(other).rejected).toEqual([]);
  });
});

describe('an instance that came twice', () => {
  it('is used once, with a warning', () => {
    const slices = makeSeries(3);
    const plan = planOne([...slices, slices[1] as Slice, { ...(slices[1] as Slice) }]);
    expect(plan.slices).toHaveLength(3);
    expect(plan.warnings).toEqual([
      '1 SOP instances came more than once with the same pixels and were used once',
    ]);
  });

  it('with other pixels, another place or a new UID is two images in one place', () => {
    const slices = makeSeries(3);
    const other = makeSlice({
      sopInstanceUid: `${SERIES_UID}.2`,
      positionLps: [0, 0, 2.5],
      pixels: new Int16Array(6),
    });
    expect(codeOf(() => planSeries([...slices, other]))).toBe('DuplicateSlicePosition');
    const renamed = { ...(slices[1] as Slice), sopInstanceUid: '1.2.3' };
    expect(codeOf(() => planSeries([...slices, renamed]))).toBe('DuplicateSlicePosition');
    expect(() => planSeries([...slices, renamed])).toThrow(`1.2.3 and ${SERIES_UID}.2`);
  });
});

describe('slices of differing grids', () => {
  it.each([
    { what: 'size', changes: { columns: 2, rows: 3 }, named: 'Rows (0028,0010)' },
    {
      what: 'orientation',
      changes: { columnCosinesLps: [0, 0, -1] as const },
      named: 'ImageOrientationPatient',
    },
    { what: 'spacing', changes: { pixelSpacingMm: [1, 1.01] as const }, named: 'PixelSpacing (0028,0030)' },
    { what: 'modality', changes: { modality: 'MR' }, named: 'Modality (0008,0060)' },
    { what: 'frame of reference', changes: { frameOfReferenceUid: '1.9' }, named: 'FrameOfReferenceUID' },
    {
      what: 'interpretation',
      changes: { photometricInterpretation: 'MONOCHROME1' },
      named: 'PhotometricInterpretation',
    },
  ])('in $what make a volume each, the larger one first', ({ changes, named }) => {
    const turned = 'columnCosinesLps' in changes;
    const slices = makeSeries(5, (k) =>
      k < 2 ? { ...changes, positionLps: turned ? [0, k, 0] : [0, 0, k] } : { positionLps: [0, 0, k] },
    );
    const { volumes, rejected } = planSeries(slices);
    expect(rejected).toEqual([]);
    expect(volumes.map(({ slices: used }) => used.length)).toEqual([3, 2]);
    expect(volumes.map(({ part }) => part)).toEqual([
      { kind: 'stack', index: 1, label: 'stack 1' },
      { kind: 'stack', index: 2, label: expect.stringContaining(`stack 2, differs in ${named}`) },
    ]);
  });

  it('reject a single image that lies among a larger stack', () => {
    const slices = makeSeries(5, (k) =>
      k === 4 ? { rowCosinesLps: [0, 1, 0], columnCosinesLps: [0, 0, 1] } : {},
    );
    const { volumes, rejected } = planSeries(slices);
    expect(volumes.map(({ slices: used }) => used.length)).toEqual([4]);
    expect(rejected).toEqual([
      {
        sopInstanceUid: `${SERIES_UID}.5`,
        frame: 1,
        code: 'MixedSeries',
        message: expect.stringContaining('stack 2, differs in ImageOrientationPatient (0020,0037)'),
      },
    ]);
  });

  it('of which each has a single image make no volume', () => {
    const planes = [
      { rowCosinesLps: [1, 0, 0], columnCosinesLps: [0, 1, 0] },
      { rowCosinesLps: [0, 1, 0], columnCosinesLps: [0, 0, -1] },
      { rowCosinesLps: [1, 0, 0], columnCosinesLps: [0, 0, -1] },
    ] as const;
    expect(codeOf(() => planSeries(makeSeries(3, (k) => planes[k] ?? {})))).toBe('MixedSeries');
  });

  it('number groups of one size by their UIDs', () => {
    const slices = makeSeries(4, (k) => (k < 2 ? { columns: 2, rows: 3 } : {}));
    expect(planSeries(slices.toReversed()).volumes.map(({ geometry }) => geometry.sizeIjk[0])).toEqual([
      2, 3,
    ]);
  });

  it('keep what one of them makes when another cannot be used', () => {
    const slices = makeSeries(5, (k) => (k < 2 ? { columns: 2, rows: 3, positionLps: [0, 0, 0] } : {}));
    const { volumes, rejected } = planSeries(slices);
    expect(volumes).toHaveLength(1);
    expect(rejected.map(({ code }) => code)).toEqual(['DuplicateSlicePosition', 'DuplicateSlicePosition']);
  });

  it('name the reason of the largest one when none can be used', () => {
    const skewed = makeSeries(3, () => ({ columnCosinesLps: [0.1, 0.99, 0] }));
    expect(codeOf(() => planSeries(skewed))).toBe('DegenerateOrientation');
  });
});

describe('planSeries', () => {
  it('refuses slices of several series, and none at all', () => {
    expect(codeOf(() => planSeries([]))).toBe('TooFewSlices');
    expect(codeOf(() => planSeries([makeSlice(), makeSlice({ seriesUid: '1.2' })]))).toBe('MixedSeries');
  });

  it('refers to frames of an enhanced object by their number', () => {
    const frames = makeSeries(3, (k) => ({ sopInstanceUid: '1.2.3', frame: 3 - k }));
    const plan = planOne(frames);
    expect(plan.references.map(({ k, sopInstanceUid, frame }) => [k, sopInstanceUid, frame])).toEqual([
      [0, '1.2.3', 3],
      [1, '1.2.3', 2],
      [2, '1.2.3', 1],
    ]);
  });

  it('does not depend on the order of files', () => {
    const slices = [
      ...makeSeries(4, (k) => ({ sopInstanceUid: `1.1.${k}`, acquisition: { echoTimeMs: 10 } })),
      ...makeSeries(4, (k) => ({ sopInstanceUid: `1.2.${k}`, acquisition: { echoTimeMs: 20 } })),
      ...makeSeries(4, (k) => ({ sopInstanceUid: `1.3.${k}`, columns: 2, rows: 3 })),
    ];
    const expected = planSeries(slices);
    expect(expected.volumes).toHaveLength(3);
    fc.assert(
      fc.property(fc.shuffledSubarray(slices, { minLength: slices.length }), (shuffled) => {
        expect(planSeries(shuffled)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('takes the cosines of the first slice where they differ in their last digits', () => {
    const slices = makeSeries(5, (k) => {
      const angle = 2e-5 * ((k * 3) % 5);
      return {
        rowCosinesLps: [Math.cos(angle), Math.sin(angle), 0] as const,
        columnCosinesLps: [-Math.sin(angle), Math.cos(angle), 0] as const,
      };
    });
    const expected = planSeries(slices);
    expect(expected.volumes[0]?.geometry.directionLps[3]).toBe(slices[0]?.rowCosinesLps[1]);
    expect(planSeries(slices.toReversed())).toEqual(expected);
  });

  it('plans or refuses whatever geometry files may state', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -5, max: 5 }),
      fc.constantFrom(0, 1, -1, 1e9, Number.MAX_VALUE, Number.MIN_VALUE),
    );
    const vector = fc.tuple(number, number, number);
    const axis = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom([1, 0, 0] as const, [0, 1, 0] as const, [0, 0, -1] as const) },
      vector,
    );
    const positive = fc.oneof(
      fc.constantFrom(1, 0.5, Number.MIN_VALUE, 1e300),
      fc.double({ min: 1e-3, max: 10 }),
    );
    const slice = fc.record({
      sopInstanceUid: fc.constantFrom('1.1', '1.2', '1.3', '1.4', '1.5'),
      frame: fc.integer({ min: 1, max: 3 }),
      positionLps: vector,
      rowCosinesLps: axis,
      columnCosinesLps: axis,
      pixelSpacingMm: fc.tuple(positive, positive),
      acquisition: fc.record(
        {
          instanceNumber: number,
          echoTimeMs: number,
          triggerTimeMs: number,
          stackId: fc.constantFrom('1', '2'),
        },
        { requiredKeys: [] },
      ),
      rescale: fc.record({ slope: number, intercept: number, fromFile: fc.boolean() }),
    });
    const policy = fc.constantFrom('resample', 'native', 'reject');
    fc.assert(
      fc.property(fc.array(slice, { maxLength: 8 }), policy, (changes, irregular) => {
        const slices = changes.map((change) => makeSlice(change));
        let used: readonly VolumePlan[] = [];
        let rejected = 0;
        const code = codeOf(() => {
          const plan = planSeries(slices, { irregular });
          used = plan.volumes;
          rejected = plan.rejected.length;
        });
        if (code !== 'no error') return;
        const inVolumes = used.reduce((sum, volume) => sum + volume.slices.length, 0);
        expect(inVolumes).toBeGreaterThan(0);
        expect(used.every(({ geometry }) => geometry.affineIjkToLps.every(Number.isFinite))).toBe(true);
        expect(inVolumes + rejected).toBeLessThanOrEqual(slices.length);
      }),
      { numRuns: 300 },
    );
  });

  it('lets an error that is none of ours through', () => {
    const withoutAcquisition = makeSeries(2, () => ({ acquisition: null as never }));
    expect(() => planSeries(withoutAcquisition)).toThrow(TypeError);
    const withoutRescale = makeSeries(2, () => ({ rescale: null as never }));
    expect(() => planSeries(withoutRescale)).toThrow(TypeError);
  });
});
