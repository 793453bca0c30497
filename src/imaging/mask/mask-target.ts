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
  readonly slices: readonly {
    readonly k: number;
    readonly sopInstanceUid: string;
    /** Frame within the instance, counted from 1; absent means 1. */
    readonly frame?: number;
  }[];
}
