import type { Slice } from '../dicom/slice.ts';
import type { Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';

/** What to do with gantry tilt and with uneven or missing slices. */
export type IrregularPolicy = 'resample' | 'native' | 'reject';

/** A share of one acquired slice in a plane of the output grid. */
export interface PlaneSource {
  /** Index into {@link VolumePlan.slices}. */
  readonly slice: number;
  /** Of the sources of one plane the weights sum to 1. */
  readonly weight: number;
  /**
   * Where the plane's voxel (0, 0) lies in the acquired slice, in columns and rows; [0, 0] for an upright stack. Values
   * between pixels are interpolated linearly, outside the slice they are padding.
   */
  readonly shiftPx: readonly [columns: number, rows: number];
}

/** How one plane of the output grid is made. A single source of weight 1 without shift is a plain copy. */
export interface PlaneRecipe {
  readonly sources: readonly PlaneSource[];
}

/** An acquired slice on the output grid; contours find their slice by its UID and frame. */
export interface SliceReference {
  /** Position along k in voxels of the output grid: whole numbers unless the stack was resampled. */
  readonly k: number;
  readonly sopInstanceUid: string;
  /** Frame within the instance, counted from 1. */
  readonly frame: number;
  /** ImagePositionPatient (0020,0032) of the acquired slice, LPS mm. */
  readonly positionLps: Vec3;
}

/** What was done to an irregular stack; absent on a plan that copies every slice. */
export interface IrregularityRecord {
  readonly kinds: readonly ('gantry-tilt' | 'missing-slices' | 'uneven-spacing')[];
  readonly policy: Exclude<IrregularPolicy, 'reject'>;
  /** Of the shear, degrees; 0 without tilt. */
  readonly tiltDegrees: number;
  /** Smallest and largest distance of neighbouring acquired slices, mm. */
  readonly gapRangeMm: readonly [number, number];
  /** Output planes that no acquired slice coincides with. */
  readonly synthesisedPlanes: readonly number[];
  /** One sentence for a person. */
  readonly rule: string;
}

/**
 * Everything needed to make one volume, before a pixel is decoded. Plain data: a worker thread renders any plane of it.
 */
export interface VolumePlan {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid?: string;
  readonly modality: string;
  /** Output grid. */
  readonly geometry: VolumeGeometry;
  /** Acquired slices in order along the normal. */
  readonly slices: readonly Slice[];
  readonly references: readonly SliceReference[];
  /** One per plane of the output grid, from k = 0. */
  readonly planes: readonly PlaneRecipe[];
  readonly irregularity?: IrregularityRecord;
  /**
   * Type of the real-world values. `by-range`: int16 when all decoded values are whole and fit, which only the pixels can
   * tell: `settlePlan` decides.
   */
  readonly dataType: 'int16' | 'float32' | 'by-range';
  /**
   * Real-world value of voxels that no acquired slice reaches; absent when there are none. `minimum` stands for the least
   * value of the slices, which `settlePlan` puts in; such a plan is always `by-range`.
   */
  readonly fill?: number | 'minimum';
  readonly unit: string;
  readonly scaleSource: 'rescale' | 'stored' | 'real-world-mapping' | 'suv';
  /** Real-world values that mark voxels outside the acquired image; absent when the series names none. */
  readonly padding?: { readonly low: number; readonly high: number };
  /** Which of the series' volumes this is: the first of {@link parts}; absent when the series is one volume. */
  readonly part?: VolumePart;
  /** Everything that tells this volume from the others of its series, such as an echo and a phase. */
  readonly parts?: readonly VolumePart[];
  readonly warnings: readonly string[];
}

/** What tells one volume of a series from the others; `index` counts from 1 among the values of its kind. */
export interface VolumePart {
  readonly kind: 'phase' | 'echo' | 'b-value' | 'stack' | 'image-type';
  readonly index: number;
  /** For a person, such as `echo time 4.92 ms`. */
  readonly label: string;
}

/** What becomes of one series: its volumes, and every slice that is in none of them. */
export interface SeriesPlan {
  readonly seriesUid: string;
  /** In the order of their parts; at least one. */
  readonly volumes: readonly VolumePlan[];
  readonly rejected: readonly RejectedInput[];
}

export interface PlanOptions {
  /** Default `resample`. */
  readonly irregular?: IrregularPolicy;
  /** PET in body-weight SUV instead of the file's unit. */
  readonly suv?: boolean;
}

/** A file or slice that is in no volume, and why. */
export interface RejectedInput {
  readonly sopInstanceUid: string;
  readonly frame: number;
  readonly code: string;
  readonly message: string;
}
