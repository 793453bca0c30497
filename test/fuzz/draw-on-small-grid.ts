/** Draws what a reader accepted on a few small images, so that damaged input reaches placing and drawing, too. */
import { createGeometry, type VolumeGeometry } from '../../src/imaging/geometry/volume-geometry.ts';
import type { MaskTarget } from '../../src/imaging/mask/mask-target.ts';
import type { RegionSet } from '../../src/imaging/mask/region-source.ts';
import type { SliceRuns } from '../../src/imaging/mask/slice-runs.ts';
import { planOf, targetOf } from '../truth/draw.ts';
import { writeClassic } from '../truth/write-images.ts';
import { tinyAcquisition } from './image-seeds.ts';

/** What AIM and RTSTRUCT seeds name; the images of a slice each are numbered from it. */
export const NAMED_IMAGE = '1.2.3';

const INTERPOLATION_MM = 10;

/** Four slices around the seeds' contours, which lie on the second one. */
const CONTOURED: VolumeGeometry = createGeometry({
  sizeIjk: [12, 10, 4],
  spacingMm: [1, 1.25, 2],
  originLps: [-3, -3, -2],
  directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});

export function contourTarget(seriesUid: string): MaskTarget {
  const slices = [0, 1, 2, 3].map((k) => ({
    k,
    sopInstanceUid: k === 1 ? NAMED_IMAGE : `${NAMED_IMAGE}.${k}`,
  }));
  return { seriesUid, geometry: CONTOURED, slices };
}

export function segmentationTarget(): MaskTarget {
  return targetOf(planOf(writeClassic(tinyAcquisition())));
}

/** Drawn before they are checked: damage to a name would otherwise keep nearly everything from being drawn. */
export function drawContours(regions: RegionSet, target: MaskTarget): void {
  drawAll(regions, target);
  regions.check(target, regions.regions);
}

export function drawSegments(regions: RegionSet, target: MaskTarget): void {
  regions.check(target, regions.regions);
  drawAll(regions, target);
}

function drawAll({ regions }: RegionSet, target: MaskTarget): void {
  const [columns, rows, slices] = target.geometry.sizeIjk;
  for (const region of regions) {
    const { volumeMm3 } = region.draw(target, { interpolateUpToMm: INTERPOLATION_MM }, (k, runs) => {
      if (!Number.isInteger(k) || k < 0 || k >= slices)
        throw new RangeError(`slice ${k} of ${slices} was painted`);
      requireRuns(runs, columns, rows);
    });
    if (!(volumeMm3 >= 0)) throw new RangeError(`a region of ${volumeMm3} mm3 was drawn`);
  }
}

/** Ascending, not empty, each within one row of the slice. */
function requireRuns(runs: SliceRuns, columns: number, rows: number): void {
  if (runs.columns !== columns || runs.rows !== rows)
    throw new RangeError(`a slice of ${runs.columns} x ${runs.rows} voxels was painted`);
  let end = 0;
  for (let at = 0; at < runs.length; at += 2) {
    const [from, to] = [runs.bounds[at] as number, runs.bounds[at + 1] as number];
    const oneRow = Math.floor(from / columns) === Math.floor((to - 1) / columns);
    if (from < end || to <= from || to > columns * rows || !oneRow)
      throw new RangeError(`a run from ${from} to ${to} was painted after ${end}`);
    end = to;
  }
}
