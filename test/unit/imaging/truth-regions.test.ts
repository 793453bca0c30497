import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import { ACQUISITIONS, acquisitionNamed, asEnhanced } from '../../truth/acquisition.ts';
import { planOf } from '../../truth/draw.ts';
import { drawable, FORMATS, judge, outsideBars, type Stage, saved, stage } from '../../truth/judge.ts';
import { writeEnhanced } from '../../truth/write-images.ts';
import { writeRtstruct } from '../../truth/write-regions.ts';

describe.each(ACQUISITIONS.filter(({ irregular }) => !irregular))('$name', (acquisition) => {
  let set: Stage;
  beforeAll(() => {
    set = stage(acquisition);
  });

  it.each(FORMATS)('%s: every shape at the centres of acquired voxels', (format) => {
    const shapes = drawable(set.shapes, format);
    const rows = judge(set, saved(acquisition, shapes, format));
    expect(rows.map(({ name }) => name)).toEqual(shapes.map(({ name }) => name));
    expect(outsideBars(rows)).toEqual([]);
  });
});

describe('one enhanced object', () => {
  const acquisition = asEnhanced(acquisitionNamed('oblique'));
  let set: Stage;
  beforeAll(() => {
    set = stage(acquisition, planOf([writeEnhanced(acquisition)]));
  });

  it.each(FORMATS)('%s: regions find its frames', (format) => {
    const shapes = drawable(set.shapes, format);
    const rows = judge(set, saved(acquisition, shapes, format));
    expect(rows.length).toBe(shapes.length);
    expect(outsideBars(rows)).toEqual([]);
  });
});

describe('structure sets that name no image or lie beside it', () => {
  const acquisition = acquisitionNamed('oblique');
  let set: Stage;
  beforeAll(() => {
    set = stage(acquisition);
  });

  it.each([
    ['without image references', { withoutImages: true }],
    ['a third of a slice above their image', { offPlaneMm: 0.33 * acquisition.sliceSpacingMm }],
    ['a third of a slice below their image', { offPlaneMm: -0.33 * acquisition.sliceSpacingMm }],
    ['above, and without image references', { withoutImages: true, offPlaneMm: 0.6 }],
    ['with holes 0.08 mm off', { laterOffMm: 0.08 }],
    ['with holes 0.08 mm off, and without image references', { withoutImages: true, laterOffMm: -0.08 }],
    ['with holes half a millimetre off, on the same image', { laterOffMm: 0.5 }],
  ])('%s', (_, options) => {
    const file = writeRtstruct(acquisition, set.shapes, options);
    expect(outsideBars(judge(set, contourRegions(parseRtstruct(file))))).toEqual([]);
  });
});
