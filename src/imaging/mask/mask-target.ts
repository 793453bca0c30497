import type { Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { VolumePlan } from '../series/volume-plan.ts';

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
  /**
   * ImagePositionPatient (0020,0032) as the file has it. In an upright stack it may be a little off the voxel's place;
   * frames of a segmentation are compared with it, because they repeat it.
   */
  readonly statedLps?: Vec3;
}

/** The part of a plan that contours need; stored as JSON, it does as well. */
export type PlannedGrid = Pick<
  VolumePlan,
  'seriesUid' | 'frameOfReferenceUid' | 'geometry' | 'references' | 'irregularity'
>;

/** The grid that a planned volume will have, with the images that contours can name; no pixel is needed. */
export function maskTarget(plan: PlannedGrid): MaskTarget {
  const { seriesUid, frameOfReferenceUid, geometry, references, irregularity } = plan;
  // Origins of an upright stack differ by rounding only; its images are the planes of the grid, pixel on voxel.
  const shifted = irregularity?.kinds.includes('gantry-tilt') === true;
  return {
    seriesUid,
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
    geometry,
    slices: references.map(({ k, sopInstanceUid, frame, positionLps }) => ({
      k,
      sopInstanceUid,
      frame,
      ...(shifted ? { positionLps } : {}),
      statedLps: positionLps,
    })),
  };
}
