import type { Vec3 } from '../geometry/vector.ts';
import { type VolumeGeometry, voxelCount, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import { countValues } from '../mask/count-values.ts';
import type { Labels } from '../mask/label-type.ts';
import { type MaskResampling, type MaskSource, planMaskResampling } from './plan-mask-resampling.ts';
import { renderMaskPlanes } from './render-mask-planes.ts';

export interface ResampleMaskInput extends MaskSource {
  readonly labels: Labels;
}

/** One value before and after. */
export interface ResampledRegion {
  readonly value: number;
  readonly voxelsNative: number;
  readonly voxels: number;
  readonly volumeMlNative: number;
  readonly volumeMl: number;
  /** Change of volume in percent of the native volume; -100 means the region is lost. */
  readonly driftPercent: number;
}

export interface ResampledMask {
  readonly geometry: VolumeGeometry;
  readonly labels: Labels;
  /** One entry per value that the native mask holds, in the order given. */
  readonly regions: readonly ResampledRegion[];
}

/**
 * Resamples a label map: each label's share of every target voxel (area fractions where voxels grow, linear
 * interpolation of the indicator where they shrink), then foreground where the shares add up to one half, given to
 * the label with the largest share. No value appears that was not there.
 *
 * @param spacingMm - voxel size along i, j and k, mm
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export function resampleMask(input: ResampleMaskInput, spacingMm: Vec3): ResampledMask {
  const plan = planMaskResampling(input, spacingMm);
  const geometry = plan.target;
  const labels = new (input.labels instanceof Uint8Array ? Uint8Array : Uint16Array)(voxelCount(geometry));
  renderMaskPlanes(plan, input.labels, { first: 0, last: geometry.sizeIjk[2] }, labels);
  return { geometry, labels, regions: resampledRegions(plan, countValues(labels)) };
}

/** @param counts - voxels of each value in the resampled map */
export function resampledRegions(
  { source, target, parts }: MaskResampling,
  counts: ReadonlyMap<number, number>,
): ResampledRegion[] {
  return parts.map(({ value, window }) => {
    const voxels = counts.get(value) ?? 0;
    const volumeMlNative = window.voxels * voxelVolumeMl(source);
    const volumeMl = voxels * voxelVolumeMl(target);
    const driftPercent = (100 * (volumeMl - volumeMlNative)) / volumeMlNative;
    return { value, voxelsNative: window.voxels, voxels, volumeMlNative, volumeMl, driftPercent };
  });
}
