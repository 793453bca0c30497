import type { Vec3 } from '../geometry/vector.ts';
import { type VolumeGeometry, voxelCount } from '../geometry/volume-geometry.ts';
import type { NiftiValues } from '../nifti/nifti-header.ts';
import {
  type ImageResamplingOptions,
  type PaddingRange,
  planImageResampling,
} from './plan-image-resampling.ts';
import { renderImagePlanes } from './render-image-planes.ts';

/** An image in real-world values; an `ImageVolume` is one, and so is a decoded NIfTI file with its unit. */
export interface ResampleImageInput {
  readonly geometry: VolumeGeometry;
  readonly values: NiftiValues;
  readonly unit: string;
  /** Values (inclusive) that mark voxels outside the acquired image. */
  readonly padding?: PaddingRange;
}

export interface ResampledImage {
  readonly geometry: VolumeGeometry;
  /** Int16 for int16 images in HU, which are rounded; Float32 for every other. */
  readonly values: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** 0.5 for rounded values, 0 otherwise, in the unit of the values. */
  readonly maxRoundingError: number;
}

/**
 * Resamples an image to another spacing, linearly and without anti-aliasing unless the options say otherwise.
 *
 * Padding never mixes with acquired values: a target voxel is the mean of the acquired ones by their weights.
 *
 * @param spacingMm - voxel size along i, j and k, mm
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export function resampleImage(
  { geometry, values, unit, padding }: ResampleImageInput,
  spacingMm: Vec3,
  options: Omit<ImageResamplingOptions, 'padding'> = {},
): ResampledImage {
  const padded =
    padding !== undefined && values.some((value) => value >= padding.low && value <= padding.high);
  const plan = planImageResampling(geometry, spacingMm, { ...options, ...(padded ? { padding } : {}) });
  const rounded = values instanceof Int16Array && unit === 'HU';
  const out = new (rounded ? Int16Array : Float32Array)(voxelCount(plan.target));
  renderImagePlanes(plan, values, { first: 0, last: plan.target.sizeIjk[2] }, out);
  return { geometry: plan.target, values: out, maxRoundingError: rounded ? 0.5 : 0 };
}
