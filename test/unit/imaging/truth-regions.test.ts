import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseAim } from '../../../src/imaging/contour/parse-aim.ts';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { voxelVolumeMl } from '../../../src/imaging/geometry/volume-geometry.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import type { MaskTarget } from '../../../src/imaging/mask/mask-target.ts';
import type { RegionSet } from '../../../src/imaging/mask/region-source.ts';
import { memoryRanges } from '../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../src/imaging/segmentation/parse-seg.ts';
import { ACQUISITIONS, type Acquisition, acquisitionNamed, asEnhanced } from '../../truth/acquisition.ts';
import { drawRegions, planOf, targetOf } from '../../truth/draw.ts';
import { type Agreement, agreement, truthOnGrid } from '../../truth/sample.ts';
import { type Shape, shapesOf } from '../../truth/shapes.ts';
import { writeClassic, writeEnhanced } from '../../truth/write-images.ts';
import { writeAim, writeRtstruct } from '../../truth/write-regions.ts';
import { writeSegmentation } from '../../truth/write-segmentation.ts';

type Format = 'RTSTRUCT' | 'AIM' | 'SEG';
const FORMATS: readonly Format[] = ['RTSTRUCT', 'AIM', 'SEG'];

/** AIM knows no exclusive contours: two of its polygons that partly overlap are united. */
function drawable(shapes: readonly Shape[], format: Format): readonly Shape[] {
  return format === 'AIM' ? shapes.filter(({ geometricType }) => geometricType === undefined) : shapes;
}

function saved(acquisition: Acquisition, shapes: readonly Shape[], format: Format): RegionSet {
  if (format === 'RTSTRUCT') return contourRegions(parseRtstruct(writeRtstruct(acquisition, shapes)));
  if (format === 'AIM') return contourRegions(parseAim(writeAim(acquisition, shapes)));
  return parseSeg(memoryRanges(writeSegmentation(acquisition, shapes)));
}

/** The images of an acquisition read once, with the truth of every shape on their grid. */
interface Stage {
  readonly shapes: readonly Shape[];
  readonly target: MaskTarget;
  readonly truth: ReadonlyMap<string, Uint8Array>;
}

function stage(acquisition: Acquisition, files: readonly Uint8Array[] = writeClassic(acquisition)): Stage {
  const shapes = shapesOf(acquisition);
  const target = targetOf(planOf(files));
  return { shapes, target, truth: truthOnGrid(acquisition, shapes, target.geometry) };
}

interface Row extends Agreement {
  readonly name: string;
}

function judge({ shapes, target, truth }: Stage, regions: RegionSet): Row[] {
  const drawn = drawRegions(regions, target);
  return shapes.flatMap(({ name }) => {
    const bits = drawn.get(name);
    return bits === undefined ? [] : [{ name, ...agreement(bits, truth.get(name) as Uint8Array) }];
  });
}

function outsideBars(rows: readonly Row[]): Row[] {
  return rows.filter(
    ({ truthVoxels, dice, volumeError }) =>
      truthVoxels === 0 || dice < (truthVoxels < 500 ? 0.999 : 0.9999) || volumeError > 0.003,
  );
}

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
    set = stage(acquisition, [writeEnhanced(acquisition)]);
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
  ])('%s', (_, options) => {
    const file = writeRtstruct(acquisition, set.shapes, options);
    expect(outsideBars(judge(set, contourRegions(parseRtstruct(file))))).toEqual([]);
  });
});

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
