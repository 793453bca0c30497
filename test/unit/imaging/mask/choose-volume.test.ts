import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import type { StructureSet } from '../../../../src/imaging/contour/structure-set.ts';
import { chooseVolume, type VolumeChoice } from '../../../../src/imaging/mask/choose-volume.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import { niftiRegions } from '../../../../src/imaging/mask/nifti-regions.ts';
import { planSeries } from '../../../../src/imaging/series/plan-series.ts';
import { makeSeries, SERIES_UID } from '../series/make-slice.ts';

/** Two phases of three slices each; the images of the second end in 11 to 13. */
const PHASES = planSeries(
  [0, 1].flatMap((phase) =>
    makeSeries(3, (k) => ({
      sopInstanceUid: `${SERIES_UID}.${10 * phase + k + 1}`,
      acquisition: { temporalPosition: phase + 1, instanceNumber: 3 * phase + k + 1 },
    })),
  ),
).volumes;

function drawnOn(
  sopInstanceUid: string,
  referencedSeriesUids: readonly string[] = [SERIES_UID],
): StructureSet {
  const pointsPx = Float64Array.of(0, 0, 2, 0, 2, 1);
  const contours = [{ geometricType: 'CLOSED_PLANAR', pointsPx, sopInstanceUid, frame: 1 }];
  return {
    format: 'AIM',
    sopInstanceUid: 'x',
    studyUid: 'y',
    referencedSeriesUids,
    rois: [{ number: 1, name: 'A', contours }],
  };
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

describe('chooseVolume', () => {
  const onGrid = niftiRegions({
    geometry: (PHASES[0] as (typeof PHASES)[number]).geometry,
    values: new Uint8Array(18).fill(1),
  });
  const phaseOf = (set: StructureSet, choice?: VolumeChoice) =>
    chooseVolume(PHASES, contourRegions(set), choice).plan.part?.index;

  it('finds the phase whose images the contours name', () => {
    expect(PHASES).toHaveLength(2);
    expect(phaseOf(drawnOn(`${SERIES_UID}.2`))).toBe(1);
    expect(phaseOf(drawnOn(`${SERIES_UID}.12`))).toBe(2);
  });

  it('lets the images settle it when the file names another series', () => {
    expect(phaseOf(drawnOn(`${SERIES_UID}.12`, ['1.2.3']))).toBe(2);
  });

  it('takes the phase that is asked for, where nothing else tells', () => {
    expect(codeOf(() => chooseVolume(PHASES, onGrid))).toBe('AmbiguousSeries');
    expect(() => chooseVolume(PHASES, onGrid)).toThrow('--phase');
    expect(chooseVolume(PHASES, onGrid, { phase: 2 }).plan.part?.index).toBe(2);
    expect(chooseVolume(PHASES, onGrid, { phase: 2, echo: 1 }).plan.part?.index).toBe(2);
  });

  it('refuses a phase that is not there, and one that the contours were not drawn on', () => {
    expect(codeOf(() => chooseVolume(PHASES, onGrid, { phase: 3 }))).toBe('AmbiguousSeries');
    expect(() => chooseVolume(PHASES, onGrid, { echo: 2 })).toThrow('there is no echo 2');
    expect(codeOf(() => phaseOf(drawnOn(`${SERIES_UID}.2`), { phase: 2 }))).toBe('ReferencedImageMissing');
  });

  it('says what the first candidate says when none fits', () => {
    expect(codeOf(() => phaseOf(drawnOn('1.2.3.4')))).toBe('ReferencedImageMissing');
    expect(codeOf(() => phaseOf(drawnOn('1.2.3.4', ['1.2.3'])))).toBe('ReferencedSeriesMissing');
  });
});
