/** Draws regions the way a mask does, and keeps what was painted. */
import { createGeometry, type GridDescription } from '../../../../src/imaging/geometry/volume-geometry.ts';
import type { MaskTarget } from '../../../../src/imaging/mask/mask-target.ts';
import type { RegionDrawing, RegionSet } from '../../../../src/imaging/mask/region-source.ts';

export interface DrawnRegion {
  readonly number: number;
  readonly drawing: RegionDrawing;
  /** Set voxels as `i j k`, in memory order of each slice. */
  readonly voxels: readonly string[];
}

/** Checks the set and draws every region of it. */
export function drawRegions(set: RegionSet, target: MaskTarget): DrawnRegion[] {
  set.check(target, set.regions);
  return set.regions.map((region) => {
    const voxels: string[] = [];
    const drawing = region.draw(target, { interpolateUpToMm: 0 }, (k, { bounds, length, columns }) => {
      for (let at = 0; at < length; at += 2) {
        for (let voxel = bounds[at] as number; voxel < (bounds[at + 1] as number); voxel++)
          voxels.push(`${voxel % columns} ${Math.floor(voxel / columns)} ${k}`);
      }
    });
    return { number: region.number, drawing, voxels };
  });
}

interface TargetOptions extends Partial<GridDescription> {
  readonly sizeIjk: GridDescription['sizeIjk'];
  readonly seriesUid?: string;
  readonly frameOfReferenceUid?: string;
  /** Of each slice; `image.k` when absent. */
  readonly sopInstanceUids?: readonly string[];
}

/** An upright stack of 1 mm voxels at the origin, unless the options say otherwise. */
export function stackTarget(options: TargetOptions): MaskTarget {
  const { seriesUid = 'series', frameOfReferenceUid, sopInstanceUids } = options;
  const geometry = createGeometry({
    spacingMm: [1, 1, 1],
    originLps: [0, 0, 0],
    directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    ...options,
  });
  return {
    seriesUid,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    geometry,
    slices: Array.from({ length: options.sizeIjk[2] }, (_, k) => ({
      k,
      sopInstanceUid: sopInstanceUids?.[k] ?? `image.${k}`,
      frame: 1,
    })),
  };
}
