import type { Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';

/** The image grid a mask is built on; an `ImageVolume` is one, and so is its description stored as JSON. */
export interface MaskTarget {
  readonly seriesUid: string;
  readonly frameOfReferenceUid?: string;
  readonly geometry: VolumeGeometry;
  /**
   * The acquired image of each slice; contours name their slice by it. On a grid that was resampled from an irregular
   * stack `k` may lie between planes, and planes exist that no image was acquired on.
   */
  readonly slices: readonly AcquiredImage[];
}

export interface AcquiredImage {
  readonly k: number;
  readonly sopInstanceUid: string;
  /** Frame within the instance, counted from 1; absent means 1. */
  readonly frame?: number;
  /**
   * Centre of the image's first pixel, LPS mm; absent when it is voxel (0, 0, k) of the grid, as in every upright stack.
   * Columns and rows run along i and j of the grid and are spaced as they are.
   */
  readonly positionLps?: Vec3;
}
