import { beforeAll, describe, expect, it } from '@jest/globals';
import { voxelVolumeMl } from '../../../src/imaging/geometry/volume-geometry.ts';
import { ACQUISITIONS, acquisitionNamed } from '../../truth/acquisition.ts';
import { planOf } from '../../truth/draw.ts';
import { drawable, FORMATS, judge, outsideBars, type Stage, saved, stage } from '../../truth/judge.ts';
import { writeClassic } from '../../truth/write-images.ts';

describe.each(ACQUISITIONS.filter(({ irregular }) => irregular))('$name, resampled', (acquisition) => {
  const LARGE_ML = 5;
  /**
   * Where neighbouring slices are up to 3.1 mm apart, the end of a region is known no better than that: a torus of 18 mm
   * has an end every few slices and cannot do better.
   */
  const LEAST_DICE = acquisition.name === 'uneven' ? 0.96 : 0.98;
  /** A wall of 1.6 pixels that was rounded to pixels once does not survive being moved by half of one. */
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
