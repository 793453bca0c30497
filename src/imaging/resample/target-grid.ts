import { PipelineError } from '../../contracts/errors.ts';
import { isSheared, RIGHT_ANGLE_COSINE, shearOf } from '../geometry/right-angles.ts';
import { add, column, scale, type Vec3 } from '../geometry/vector.ts';
import { createGeometry, type VolumeGeometry } from '../geometry/volume-geometry.ts';

/** A resampled volume larger than this would not fit a stage's memory. */
const MAX_TARGET_VOXELS = 1_610_612_736;

/**
 * Grid of another spacing over the same body: axes and the outer corner of the first voxel stay, the size is
 * `round(extent / spacing)` and at least 1, so the far edge moves by at most half a voxel.
 *
 * @param spacingMm - voxel size along i, j and k, mm
 * @throws InvalidParameters for a spacing that is not positive, GantryTilt for a sheared grid, VolumeTooLarge
 */
export function targetGrid(source: VolumeGeometry, spacingMm: Vec3): VolumeGeometry {
  if (!spacingMm.every((value) => Number.isFinite(value) && value > 0)) {
    throw new PipelineError(
      'InvalidParameters',
      `voxel spacing ${spacingMm.join(' x ')} mm cannot be used; give three numbers greater than 0`,
      { spacingMm },
    );
  }
  requireOrthogonal(source);
  const sizeIjk = source.sizeIjk.map((size, axis) => {
    const extentMm = size * (source.spacingMm[axis] as number);
    return Math.max(1, Math.round(Number((extentMm / (spacingMm[axis] as number)).toFixed(6))));
  }) as unknown as Vec3;
  requireVoxelLimit(sizeIjk, spacingMm);
  const shift = [0, 1, 2].map((axis) => {
    const direction = column(source.directionLps, axis as 0 | 1 | 2);
    return scale(direction, ((spacingMm[axis] as number) - (source.spacingMm[axis] as number)) / 2);
  });
  const originLps = shift.reduce((origin, step) => add(origin, step), source.originLps);
  return createGeometry({ sizeIjk, spacingMm, originLps, directionLps: source.directionLps });
}

function requireOrthogonal({ directionLps }: VolumeGeometry): void {
  if (!isSheared(directionLps)) return;
  const shear = shearOf(directionLps);
  const degrees = (cosine: number) => ((Math.asin(Math.min(1, cosine)) * 180) / Math.PI).toFixed(3);
  throw new PipelineError(
    'GantryTilt',
    `the volume's axes are ${degrees(shear)} degrees off a right angle, at most ${degrees(RIGHT_ANGLE_COSINE)} are ` +
      'allowed, so it cannot be resampled along them; convert its series with --irregular resample',
    { shear, allowed: RIGHT_ANGLE_COSINE },
  );
}

function requireVoxelLimit(sizeIjk: Vec3, spacingMm: Vec3): void {
  const voxels = sizeIjk[0] * sizeIjk[1] * sizeIjk[2];
  if (voxels <= MAX_TARGET_VOXELS) return;
  throw new PipelineError(
    'VolumeTooLarge',
    `a spacing of ${spacingMm.join(' x ')} mm would make ${voxels} voxels, at most ${MAX_TARGET_VOXELS} are allowed; choose a larger one`,
    { voxels, allowed: MAX_TARGET_VOXELS },
  );
}
