import { PipelineError } from '../../contracts/errors.ts';
import { cornerDistanceMm, type VolumeGeometry } from '../geometry/volume-geometry.ts';

/** Grids whose corner voxels lie this close are one grid; single precision in files moves them by less. */
export const SAME_GRID_MM = 0.01;

/** How two grids differ. */
export interface GridDifference {
  readonly sameSize: boolean;
  /** Largest distance of the same corner voxel, mm; null when the sizes differ. */
  readonly cornerDistanceMm: number | null;
  /** Whether values can be compared voxel by voxel. */
  readonly sameGrid: boolean;
}

export function gridDifference(a: VolumeGeometry, b: VolumeGeometry): GridDifference {
  const distance = cornerDistanceMm(a, b);
  const sameSize = Number.isFinite(distance);
  return {
    sameSize,
    cornerDistanceMm: sameSize ? distance : null,
    sameGrid: distance <= SAME_GRID_MM,
  };
}

/** @throws MaskGridMismatch when corner voxels lie more than 0.01 mm apart, or sizes differ */
export function requireSameGrid(a: VolumeGeometry, b: VolumeGeometry): void {
  const difference = gridDifference(a, b);
  if (difference.sameGrid) return;
  const how = difference.sameSize
    ? `their corner voxels lie ${(difference.cornerDistanceMm as number).toFixed(3)} mm apart (allowed: ${SAME_GRID_MM} mm)`
    : `one has ${a.sizeIjk.join(' x ')} voxels, the other ${b.sizeIjk.join(' x ')}`;
  throw new PipelineError(
    'MaskGridMismatch',
    `the two volumes are not on one grid: ${how}; resample one to the grid of the other first`,
    { sizes: [a.sizeIjk, b.sizeIjk], cornerDistanceMm: difference.cornerDistanceMm, allowedMm: SAME_GRID_MM },
  );
}
