import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { parseSlices } from '../../../../src/imaging/dicom/parse-slice.ts';
import { decodeFrame } from '../../../../src/imaging/dicom/stored-pixels.ts';
import {
  type Element,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  samples16,
  sequence,
  type WriteOptions,
  writeDicom,
} from '../../../helpers/dicom-elements.ts';
import { group, imageElements, PIXEL_MEASURES, PLANE_ORIENTATION, planePosition } from './image-elements.ts';

const PIXELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

function frameContent(n: number): Element {
  return group('00209111', [
    { tag: '00189074', vr: 'DT', value: `2026010112000${n}.5` },
    { tag: '00209056', vr: 'SH', value: '1' },
    { tag: '00209128', vr: 'UL', value: n + 10 },
    { tag: '00209156', vr: 'US', value: 7 },
    { tag: '00209157', vr: 'UL', value: [1, n] },
  ]);
}

interface Enhanced {
  readonly shared?: Element[];
  readonly frames?: readonly Element[][];
  readonly more?: Element[];
  readonly numberOfFrames?: number;
}

/** Two frames of 3 x 2 pixels. */
function enhanced(
  { shared, frames, more = [], numberOfFrames }: Enhanced,
  options?: WriteOptions,
): Uint8Array {
  const perFrame = frames ?? [1, 2].map((n) => [frameContent(n), planePosition([0, 0, n * 2.5])]);
  return writeDicom(
    [
      ...imageElements(3, 2),
      { tag: '00280008', vr: 'IS', value: String(numberOfFrames ?? perFrame.length) },
      sequence('52009229', [shared ?? [PLANE_ORIENTATION, PIXEL_MEASURES]]),
      sequence('52009230', perFrame),
      { tag: '7fe00010', vr: 'OW', value: samples16(PIXELS.slice(0, 6 * perFrame.length)) },
      ...more,
    ],
    options,
  );
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('enhanced images', () => {
  it.each([EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN])(
    'give one slice per frame in %s',
    (transferSyntaxUid) => {
      for (const undefinedLengths of [false, true]) {
        const slices = parseSlices(enhanced({}, { transferSyntaxUid, undefinedLengths }));
        expect(slices.map(({ encoded }) => Array.from(decodeFrame(encoded)))).toEqual([
          PIXELS.slice(0, 6),
          PIXELS.slice(6),
        ]);
        expect(slices[1]).toMatchObject({
          frame: 2,
          sopInstanceUid: '1.2.3.1',
          frameOfReferenceUid: '1.2.3.4',
          positionLps: [0, 0, 5],
          rowCosinesLps: [1, 0, 0],
          columnCosinesLps: [0, 1, 0],
          pixelSpacingMm: [0.8, 0.6],
          sliceThicknessMm: 2,
          spacingBetweenSlicesMm: 2.5,
          rescale: { slope: 1, intercept: 0, fromFile: false },
          imageType: ['ORIGINAL', 'PRIMARY', 'M'],
          acquisition: {
            acquiredAt: '20260101120002.5',
            stackId: '1',
            temporalPosition: 12,
            acquisitionNumber: 7,
            dimensionIndexValues: [1, 2],
          },
        });
      }
    },
  );

  it('read echo, b-value, trigger, scale and type of each frame', () => {
    const frame = (n: number) => [
      planePosition([0, 0, n]),
      group('00189114', [{ tag: '00189082', vr: 'FD', value: 10 * n }]),
      group('00189117', [{ tag: '00189087', vr: 'FD', value: 500 * n }]),
      group('00189118', [{ tag: '00209153', vr: 'FD', value: 0.5 * n }]),
      group('00189226', [{ tag: '00089007', vr: 'CS', value: ['DERIVED', 'PRIMARY', 'ADC'] }]),
      group('00289145', [
        { tag: '00281052', vr: 'DS', value: String(-n) },
        { tag: '00281053', vr: 'DS', value: String(2 * n) },
        { tag: '00281054', vr: 'LO', value: 'US' },
      ]),
    ];
    const [, second] = parseSlices(enhanced({ frames: [frame(1), frame(2)] }));
    expect(second).toMatchObject({
      imageType: ['DERIVED', 'PRIMARY', 'ADC'],
      rescale: { slope: 4, intercept: -2, fromFile: true, type: 'US' },
      acquisition: { echoTimeMs: 20, bValue: 1000, triggerTimeMs: 1 },
    });
  });

  it('take what groups leave out from the data set', () => {
    const more: Element[] = [
      { tag: '00200037', vr: 'DS', value: ['0', '1', '0', '0', '0', '-1'] },
      { tag: '00280030', vr: 'DS', value: ['1', '2'] },
      { tag: '00281053', vr: 'DS', value: '3' },
    ];
    const [first] = parseSlices(enhanced({ shared: [], more }));
    expect(first).toMatchObject({
      rowCosinesLps: [0, 1, 0],
      columnCosinesLps: [0, 0, -1],
      pixelSpacingMm: [1, 2],
      rescale: { slope: 3 },
    });
  });

  it('take a real-world mapping where it is the only scale, and name its units', () => {
    const mapping = (slope: number) =>
      group('00409096', [
        group('004008ea', [{ tag: '00080100', vr: 'SH', value: 'Bq/ml' }]),
        { tag: '00409224', vr: 'FD', value: -5 },
        { tag: '00409225', vr: 'FD', value: slope },
      ]);
    const shared = [PLANE_ORIENTATION, PIXEL_MEASURES];
    const [alone] = parseSlices(enhanced({ shared: [...shared, mapping(2.5)] }));
    expect(alone?.rescale).toEqual({ slope: 2.5, intercept: -5, fromFile: true, fromRealWorldMapping: true });
    expect(alone?.units).toBe('Bq/ml');
    const own = group('00289145', [{ tag: '00281053', vr: 'DS', value: '7' }]);
    const [both] = parseSlices(enhanced({ shared: [...shared, mapping(2.5), own] }));
    expect(both?.rescale).toEqual({ slope: 7, intercept: 0, fromFile: true });
    const [useless] = parseSlices(enhanced({ shared: [...shared, mapping(0)] }));
    expect(useless?.rescale).toEqual({ slope: 1, intercept: 0, fromFile: false });
    const [outside] = parseSlices(enhanced({ shared, more: [mapping(4)] }));
    expect(outside?.rescale.slope).toBe(4);
  });

  it.each([
    {
      name: 'a frame without position',
      change: { frames: [[frameContent(1)], [frameContent(2)]] },
      code: 'MissingAttribute',
    },
    { name: 'fewer groups than frames', change: { numberOfFrames: 1 }, code: 'UnsupportedImage' },
    { name: 'fewer pixels than frames', change: { numberOfFrames: 100_000_000 }, code: 'TruncatedDicom' },
    {
      name: 'a localizer frame',
      change: {
        shared: [
          PLANE_ORIENTATION,
          PIXEL_MEASURES,
          group('00189329', [
            { tag: '00089007', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } as Element,
          ]),
        ],
      },
      code: 'Localizer',
    },
  ])('with $name are refused', ({ change, code }) => {
    expect(codeOf(() => parseSlices(enhanced(change)))).toBe(code);
  });
});
