import type { VolumeGeometry } from '../geometry/volume-geometry.ts';

/** The image grid a mask is built on; an `ImageVolume` is one, and so is its description stored as JSON. */
export interface MaskTarget {
  readonly seriesUid: string;
  readonly frameOfReferenceUid?: string;
  readonly geometry: VolumeGeometry;
  /** The image of each slice; contours name their slice by it. */
  readonly slices: readonly { readonly k: number; readonly sopInstanceUid: string }[];
}
