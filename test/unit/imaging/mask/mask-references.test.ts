import { describe, expect, it } from '@jest/globals';
import type { PatientContour } from '../../../../src/imaging/contour/structure-set.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import { contourOnSlice, structureSet, targetOf } from '../../../helpers/imaging-phantom.ts';

import { build, codeOf, column3d, GRID, POLICIES, SQUARE, withoutImage } from './build-case.ts';

describe('buildMask and references', () => {
  const contours = column3d(SQUARE, 2, 3);

  it('rejects contours of another series', () => {
    const set = { ...structureSet({ A: contours.map(withoutImage) }), referencedSeriesUids: ['1.2.3'] };
    expect(codeOf(() => build({ set, map: 'A=1' }))).toBe('ReferencedSeriesMissing');
  });

  it('accepts a wrong series reference when every contour names an image of the volume', () => {
    const set = { ...structureSet({ A: contours }), referencedSeriesUids: ['1.2.3'] };
    expect(build({ set, map: 'A=1' }).regions[0]?.voxels).toBe(200);
  });

  it('rejects contours that name no image of the volume, or one too few', () => {
    const elsewhere = contours.map((contour) => ({ ...contour, sopInstanceUid: '1.2.3' }));
    expect(codeOf(() => build({ set: structureSet({ A: elsewhere }), map: 'A=1' }))).toBe(
      'ReferencedImageMissing',
    );
    const [first] = contours as [PatientContour];
    const partly = structureSet({ A: [first, ...elsewhere.slice(1)] });
    expect(codeOf(() => build({ set: partly, map: 'A=1' }))).toBe('ReferencedImageMissing');
  });

  it('tells frames of one instance apart', () => {
    const target = targetOf(GRID);
    const slices = target.slices.map(({ k }) => ({ k, sopInstanceUid: 'one', frame: k + 1 }));
    const onFrame = (frame: number, k: number) =>
      buildMask({
        target: { ...target, slices },
        regions: contourRegions(
          structureSet({ A: [{ ...contourOnSlice(GRID, k, SQUARE), sopInstanceUid: 'one', frame }] }),
        ),
        policies: POLICIES,
      });
    expect(onFrame(3, 2).labels.indexOf(1)).toBe(2 * 1024 + 5 * 32 + 5);
    expect(codeOf(() => onFrame(4, 2))).toBe('ContourOffPlane');
    expect(codeOf(() => onFrame(30, 2))).toBe('ReferencedImageMissing');
  });

  it('rejects another frame of reference, unless every contour names an image of the volume', () => {
    const foreign = { frameOfReferenceUid: '1.2.3' };
    const anonymous = { ...structureSet({ A: contours.map(withoutImage) }), ...foreign };
    expect(codeOf(() => build({ set: anonymous, map: 'A=1' }))).toBe('FrameOfReferenceMismatch');
    const named = build({ set: { ...structureSet({ A: contours }), ...foreign }, map: 'A=1' });
    expect(named.warnings).toMatchObject([{ code: 'FrameOfReferenceDiffers', needsReview: false }]);
  });

  it('holds each drawn region to its own frame of reference', () => {
    const [one, two] = [column3d(SQUARE, 2, 3), column3d(SQUARE, 5, 6)];
    const build2 = (a: PatientContour[], b: PatientContour[], frames: Partial<Record<number, string>>) => {
      const set = structureSet({ A: a, B: b });
      const rois = set.rois.map((roi) => {
        const frameOfReferenceUid = frames[roi.number];
        return frameOfReferenceUid === undefined ? roi : { ...roi, frameOfReferenceUid };
      });
      return (map: string) => build({ set: { ...set, rois }, map });
    };
    const foreign = build2(one, two.map(withoutImage), { 2: '1.2.3' });
    expect(codeOf(() => foreign('A=1\nB=2'))).toBe('FrameOfReferenceMismatch');
    expect(foreign('A=1').warnings).toEqual([]);
    // What one region names says nothing about the other; its own images do.
    expect(codeOf(() => build2(one, two, { 2: '1.2.3' })('A=1\nB=2'))).toBe('no error');
    expect(build2(one, two, { 1: '1.2.3', 2: '1.2.4' })('A=1\nB=2').warnings).toMatchObject([
      { code: 'FrameOfReferenceDiffers', details: { contours: '1.2.3' } },
      { code: 'FrameOfReferenceDiffers', details: { contours: '1.2.4' } },
    ]);
    // The file's is that of another series, but the region says itself that it is not.
    const set = { ...structureSet({ A: one.map(withoutImage) }), frameOfReferenceUid: '1.2.3' };
    const rois = set.rois.map((roi) => ({
      ...roi,
      frameOfReferenceUid: targetOf(GRID).frameOfReferenceUid ?? '',
    }));
    expect(build({ set: { ...set, rois }, map: 'A=1' }).warnings).toEqual([]);
  });

  it('does not look at contours of regions that the map leaves out', () => {
    const bad = contours.map((contour) => ({ ...contour, sopInstanceUid: '1.2.3' }));
    expect(build({ set: structureSet({ A: contours, Couch: bad }), map: 'A=1' }).regions).toHaveLength(1);
  });
});
