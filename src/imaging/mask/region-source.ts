import type { MaskTarget } from './mask-target.ts';
import type { MaskWarning } from './mask-warning.ts';
import type { SliceRuns } from './slice-runs.ts';

/** Receives each slice that may hold voxels of the region; the runs are reused, so they must not be kept. */
export type PaintSlice = (k: number, runs: SliceRuns) => void;

export interface DrawOptions {
  /** Longest stretch, in mm, that `gaps: interpolate` fills between two contours; 0 fills nothing. */
  readonly interpolateUpToMm: number;
}

/** A run of slices without contours between slices with contours. */
export interface ContourGap {
  readonly firstSlice: number;
  readonly lastSlice: number;
  readonly filled: boolean;
}

/** What drawing one region found out. */
export interface RegionDrawing {
  /** Planes the region was drawn on: contour planes, or frames of a segmentation. */
  readonly planes: number;
  /** Volume the source states: contour area times depth, or voxels of the source's own grid. */
  readonly volumeMm3: number;
  readonly gaps: readonly ContourGap[];
  readonly warnings: readonly MaskWarning[];
}

/** A slice of a region, valid until the next one is asked for. */
export type DrawnSlice = readonly [k: number, runs: SliceRuns];

/** A region of which all is known but its voxels. */
export interface PreparedRegion {
  readonly drawing: RegionDrawing;
  /** Draws the slices that may hold voxels of the region, ascending, each once. */
  readonly slices: () => Iterable<DrawnSlice>;
}

/** Where a region comes from: told in results, never used to decide voxels. */
export interface RegionProvenance {
  readonly format: 'RTSTRUCT' | 'AIM' | 'SEG' | 'NIFTI';
  /** SOPInstanceUID (0008,0018), AIM uniqueIdentifier; absent for NIfTI. */
  readonly sourceUid?: string;
  /** SegmentAlgorithmType (0062,0008) and name, or ROIGenerationAlgorithm (3006,0036). */
  readonly algorithm?: string;
  /** SegmentationFractionalType (0062,0010) and the threshold used. */
  readonly fractional?: { readonly type: string; readonly threshold: number };
}

/**
 * One region of whatever format, ready to be drawn on an image grid. RTSTRUCT and AIM draw contours, SEG and NIfTI
 * place voxels; a mask is built from regions without knowing which.
 */
export interface RegionSource {
  /** ROINumber, SegmentNumber, mask value, or place in the file: unique within its set. */
  readonly number: number;
  readonly name: string;
  readonly colour?: readonly [red: number, green: number, blue: number];
  readonly provenance: RegionProvenance;
  /** Contours or frames; 0 means that the region is named but not drawn. */
  readonly parts: number;
  /** The same in two steps, for drawing slice by slice; absent where slices are found while they are drawn. */
  readonly prepare?: (target: MaskTarget, options: DrawOptions) => PreparedRegion;
  /** Paints in ascending order of slices where it can; a slice is painted once. */
  readonly draw: (target: MaskTarget, options: DrawOptions, paint: PaintSlice) => RegionDrawing;
}

/** The regions of one file. */
export interface RegionSet {
  readonly format: RegionProvenance['format'];
  readonly sourceUid?: string;
  readonly referencedSeriesUids: readonly string[];
  readonly frameOfReferenceUid?: string;
  readonly regions: readonly RegionSource[];
  readonly warnings: readonly MaskWarning[];
  /**
   * Makes sure that the set belongs to the target before anything is drawn.
   *
   * @throws ReferencedSeriesMissing, ReferencedImageMissing, FrameOfReferenceMismatch, SegGridMismatch
   */
  readonly check: (target: MaskTarget, regions: readonly RegionSource[]) => readonly MaskWarning[];
}
