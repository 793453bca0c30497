import { beforeAll, describe, expect, it } from '@jest/globals';
import { voxelVolumeMl } from '../../../src/imaging/geometry/volume-geometry.ts';
import { ACQUISITIONS, acquisitionNamed } from '../../truth/acquisition.ts';
import { planOf } from '../../truth/draw.ts';
import { drawable, FORMATS, judge, outsideBars, type Stage, saved, stage } from '../../truth/judge.ts';
import { writeClassic } from '../../truth/write-images.ts';

describe.each(ACQUISITIONS.filter(({ irregular }) => irregular))('$name, resampled', (acquisition) => {
  const LARGE_ML = 5;
  const LEAST_DICE = 0.98;
  /**
   * The wall is thinner than two pixels, and thinner than the slices are apart. As a segmentation it was rounded to pixels
   * once; a tilt then moves it by up to half a pixel, and where its two sides lay within theirs is not in the file.
   */
  const THIN_WALL_DICE = acquisition.name === 'tilted' ? 0.9 : LEAST_DICE;
  let set: Stage;
  beforeAll(() => {
    set = stage(acquisition);
  });

  it.each(FORMATS)('%s: every region over 5 ml', (format) => {
    const shapes = drawable(set.shapes, format).filter(({ boundToSlices }) => boundToSlices !== true);
    const rows = judge(set, saved(acquisition, shapes, format));
    const large = rows.filter(
      ({ truthVoxels }) => truthVoxels * voxelVolumeMl(set.target.geometry) > LARGE_ML,
    );
    expect(large.length).toBe(rows.length - 1);
    const least = (name: string) => (format === 'SEG' && name === 'thin wall' ? THIN_WALL_DICE : LEAST_DICE);
    expect(large.filter(({ name, dice }) => dice < least(name))).toEqual([]);
  });
});

describe('tilted, native', () => {
  const acquisition = acquisitionNamed('tilted');
  let set: Stage;
  beforeAll(() => {
    set = stage(acquisition, planOf(writeClassic(acquisition), 'native'));
  });

  it.each(FORMATS)('%s: every shape at the centres of acquired voxels', (format) => {
    const shapes = drawable(set.shapes, format);
    const rows = judge(set, saved(acquisition, shapes, format));
    expect(rows.length).toBe(shapes.length);
    // Half of its voxels touch its edges: those within the sag of a chord decide by the polygon, not by the circle.
    const [thin] = rows.filter(({ name }) => name === 'thin wall');
    expect(thin?.dice).toBeGreaterThan(0.9995);
    expect(outsideBars(rows.filter((row) => row !== thin))).toEqual([]);
  });
});
