import { describe, expect, it } from '@jest/globals';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import { ACQUISITIONS, type Acquisition, acquisitionNamed, asEnhanced } from '../../truth/acquisition.ts';
import { drawRegions, planOf, targetOf } from '../../truth/draw.ts';
import { agreement, truthOnGrid } from '../../truth/sample.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic, writeEnhanced } from '../../truth/write-images.ts';
import { type RtstructOptions, writeRtstruct } from '../../truth/write-regions.ts';

const SMALL_VOXELS = 500;

interface Row {
  readonly name: string;
  readonly voxels: number;
  readonly dice: number;
  readonly volumeError: number;
}

/** What each shape of an acquisition comes out as, next to what is asked of it. */
function judge(
  acquisition: Acquisition,
  options: RtstructOptions = {},
  files: readonly Uint8Array[] = writeClassic(acquisition),
): Row[] {
  const shapes = shapesOf(acquisition);
  const target = targetOf(planOf(files));
  const set = parseRtstruct(writeRtstruct(acquisition, shapes, options));
  const drawn = drawRegions(contourRegions(set), target);
  return shapes.map((shape) => {
    const bits = drawn.get(shape.name) ?? new Uint8Array();
    const { truthVoxels, dice, volumeError } = agreement(
      bits,
      truthOnGrid(acquisition, shape, target.geometry),
    );
    return { name: shape.name, voxels: truthVoxels, dice, volumeError };
  });
}

function failures(rows: readonly Row[]): Row[] {
  return rows.filter(
    ({ voxels, dice, volumeError }) =>
      voxels === 0 || dice < (voxels < SMALL_VOXELS ? 0.999 : 0.9999) || volumeError > 0.003,
  );
}

const REGULAR = ACQUISITIONS.filter(({ irregular }) => !irregular);

describe('RTSTRUCT against the analytic truth', () => {
  it.each(REGULAR)('$name: every shape at the centres of acquired voxels', (acquisition) => {
    expect(failures(judge(acquisition))).toEqual([]);
  });

  it('finds contours by position alone', () => {
    expect(failures(judge(acquisitionNamed('oblique'), { withoutImages: true }))).toEqual([]);
  });

  it('takes contours a third of a slice off their plane for those of the slice', () => {
    const acquisition = acquisitionNamed('axial');
    expect(failures(judge(acquisition, { offPlaneMm: acquisition.sliceSpacingMm * 0.33 }))).toEqual([]);
    expect(failures(judge(acquisition, { offPlaneMm: acquisition.sliceSpacingMm * -0.33 }))).toEqual([]);
  });

  it('finds the frames of an enhanced object', () => {
    const acquisition = asEnhanced(acquisitionNamed('oblique'));
    expect(failures(judge(acquisition, {}, [writeEnhanced(acquisition)]))).toEqual([]);
  });
});
