import type { Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import { type AxisWeights, linearWeights, triangleWeights } from './axis-weights.ts';
import type { GridWeights } from './plane-resampler.ts';
import { splineWeights } from './spline-weights.ts';
import { targetGrid } from './target-grid.ts';

/** Cubic B-spline runs through the samples; linear never goes beyond them. */
export type Interpolation = 'linear' | 'bspline';

/** Values (inclusive) that mark voxels outside the acquired image. */
export interface PaddingRange {
  readonly low: number;
  readonly high: number;
}

export interface ImageResamplingOptions {
  /** Default `linear`. */
  readonly interpolation?: Interpolation;
  /** Along axes where voxels grow, a triangle kernel of the target's size replaces the interpolation. Default false. */
  readonly antialias?: boolean;
  readonly padding?: PaddingRange;
}

/** How to resample an image: plain data that any thread can use. */
export interface ImageResampling extends ImageResamplingOptions {
  readonly source: VolumeGeometry;
  readonly target: VolumeGeometry;
  readonly weights: GridWeights;
  /** Positive weights that tell which share of a target voxel was acquired. */
  readonly shareWeights: GridWeights;
}

/**
 * @param spacingMm - voxel size along i, j and k, mm
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export function planImageResampling(
  source: VolumeGeometry,
  spacingMm: Vec3,
  options: ImageResamplingOptions = {},
): ImageResampling {
  const target = targetGrid(source, spacingMm);
  const { interpolation = 'linear', antialias = false, padding } = options;
  const positive = antialias ? triangleWeights : linearWeights;
  const shareWeights = gridWeights(source, target, positive);
  const spline = (size: number, targetSize: number, ratio: number) =>
    antialias && ratio > 1
      ? triangleWeights(size, targetSize, ratio)
      : splineWeights(size, targetSize, ratio);
  const weights = interpolation === 'bspline' ? gridWeights(source, target, spline) : shareWeights;
  return {
    source,
    target,
    weights,
    shareWeights,
    interpolation,
    antialias,
    ...(padding === undefined ? {} : { padding }),
  };
}

function gridWeights(
  source: VolumeGeometry,
  target: VolumeGeometry,
  make: (sourceSize: number, targetSize: number, ratio: number) => AxisWeights,
): GridWeights {
  const along = (axis: 0 | 1 | 2) =>
    make(source.sizeIjk[axis], target.sizeIjk[axis], target.spacingMm[axis] / source.spacingMm[axis]);
  return { i: along(0), j: along(1), k: along(2) };
}
