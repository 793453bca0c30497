/** Shapes saved in each format and drawn again, next to their truth. */
import { parseAim } from '../../src/imaging/contour/parse-aim.ts';
import { parseRtstruct } from '../../src/imaging/contour/parse-rtstruct.ts';
import { contourRegions } from '../../src/imaging/mask/contour-regions.ts';
import type { MaskTarget } from '../../src/imaging/mask/mask-target.ts';
import type { RegionSet } from '../../src/imaging/mask/region-source.ts';
import { memoryRanges } from '../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../src/imaging/segmentation/parse-seg.ts';
import type { VolumePlan } from '../../src/imaging/series/volume-plan.ts';
import type { Acquisition } from './acquisition.ts';
import { drawRegions, planOf, targetOf } from './draw.ts';
import { type Agreement, agreement, truthOnGrid } from './sample.ts';
import { type Shape, shapesOf } from './shapes.ts';
import { writeClassic } from './write-images.ts';
import { writeAim, writeRtstruct } from './write-regions.ts';
import { writeSegmentation } from './write-segmentation.ts';

type Format = 'RTSTRUCT' | 'AIM' | 'SEG';
export const FORMATS: readonly Format[] = ['RTSTRUCT', 'AIM', 'SEG'];

/** AIM knows no exclusive contours: two of its polygons that partly overlap are united. */
export function drawable(shapes: readonly Shape[], format: Format): readonly Shape[] {
  return format === 'AIM' ? shapes.filter(({ geometricType }) => geometricType === undefined) : shapes;
}

export function saved(acquisition: Acquisition, shapes: readonly Shape[], format: Format): RegionSet {
  if (format === 'RTSTRUCT') return contourRegions(parseRtstruct(writeRtstruct(acquisition, shapes)));
  if (format === 'AIM') return contourRegions(parseAim(writeAim(acquisition, shapes)));
  return parseSeg(memoryRanges(writeSegmentation(acquisition, shapes)));
}

/** The images of an acquisition read once, with the truth of every shape on their grid. */
export interface Stage {
  readonly shapes: readonly Shape[];
  readonly target: MaskTarget;
  readonly truth: ReadonlyMap<string, Uint8Array>;
}

export function stage(acquisition: Acquisition, plan: VolumePlan = planOf(writeClassic(acquisition))): Stage {
  const shapes = shapesOf(acquisition);
  const target = targetOf(plan);
  return { shapes, target, truth: truthOnGrid(acquisition, shapes, target.geometry) };
}

interface Row extends Agreement {
  readonly name: string;
}

export function judge({ shapes, target, truth }: Stage, regions: RegionSet): Row[] {
  const drawn = drawRegions(regions, target);
  return shapes.flatMap(({ name }) => {
    const bits = drawn.get(name);
    return bits === undefined ? [] : [{ name, ...agreement(bits, truth.get(name) as Uint8Array) }];
  });
}

/** Rows that miss what is asked on acquired voxels: Dice 0.9999 (0.999 under 500 voxels), volume within 0.3 %. */
export function outsideBars(rows: readonly Agreement[]): readonly Agreement[] {
  return rows.filter(
    ({ truthVoxels, dice, volumeError }) =>
      truthVoxels === 0 || dice < (truthVoxels < 500 ? 0.999 : 0.9999) || volumeError > 0.003,
  );
}
