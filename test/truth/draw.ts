/** From files to one byte per voxel, through the library and nothing else. */
import { parseSlices } from '../../src/imaging/dicom/parse-slice.ts';
import { type VolumeGeometry, voxelCount } from '../../src/imaging/geometry/volume-geometry.ts';
import type { MaskTarget } from '../../src/imaging/mask/mask-target.ts';
import type { RegionSet } from '../../src/imaging/mask/region-source.ts';
import { planSeries } from '../../src/imaging/series/plan-series.ts';
import type { IrregularPolicy, VolumePlan } from '../../src/imaging/series/volume-plan.ts';

/** The only volume of a series. */
export function planOf(files: readonly Uint8Array[], irregular: IrregularPolicy = 'resample'): VolumePlan {
  const { volumes, rejected } = planSeries(files.flatMap(parseSlices), { irregular });
  if (volumes.length !== 1 || rejected.length > 0)
    throw new Error(`${volumes.length} volumes and ${rejected.length} rejected files instead of one volume`);
  return volumes[0] as VolumePlan;
}

export function targetOf(plan: VolumePlan): MaskTarget {
  const { seriesUid, frameOfReferenceUid, geometry, references } = plan;
  return {
    seriesUid,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    geometry,
    slices: references,
  };
}

/** Each region by its name, drawn alone on the whole grid. */
export function drawRegions(regions: RegionSet, target: MaskTarget): ReadonlyMap<string, Uint8Array> {
  regions.check(target, regions.regions);
  const drawn = regions.regions.map((region) => {
    const bits = new Uint8Array(voxelCount(target.geometry));
    const area = sliceArea(target.geometry);
    region.draw(target, { interpolateUpToMm: 0 }, (k, runs) =>
      runs.mark(bits.subarray(k * area, (k + 1) * area), 1),
    );
    return [region.name, bits] as const;
  });
  return new Map(drawn);
}

function sliceArea({ sizeIjk: [columns, rows] }: VolumeGeometry): number {
  return columns * rows;
}
