import type { MaskWarning } from '../mask/mask-warning.ts';

/** Name of a region to which its file gives none, as the XNAT viewer shows it. */
export const UNTITLED_ROI = 'Untitled ROI';

/** One contour as drawn: in the patient (RTSTRUCT) or on the pixels of one image (AIM). */
export type Contour = PatientContour | ImageContour;

export interface PatientContour {
  /** ContourGeometricType (3006,0042): CLOSED_PLANAR, CLOSEDPLANAR_XOR, OPEN_PLANAR, OPEN_NONPLANAR or POINT. */
  readonly geometricType: string;
  /** x, y, z of each point in turn, LPS mm. */
  readonly pointsLps: Float64Array;
  /** ReferencedSOPInstanceUID (0008,1155) of the first image item. */
  readonly sopInstanceUid?: string;
  /** ReferencedFrameNumber (0008,1160), counted from 1. */
  readonly frame?: number;
}

/** Knows its image, but not where the image lies in the patient. */
export interface ImageContour {
  readonly geometricType: string;
  /** Column and row of each point in turn, in pixels of the acquired image; the centre of the first pixel is (0, 0). */
  readonly pointsPx: Float64Array;
  readonly sopInstanceUid: string;
  /** Counted from 1. */
  readonly frame?: number;
}

/** A region of interest; `number` is unique within its collection, `name` need not be. */
export interface Roi {
  readonly number: number;
  readonly name: string;
  /** ROIDisplayColor (3006,002A): red, green and blue, 0 to 255. */
  readonly colour?: readonly [number, number, number];
  /** ROIGenerationAlgorithm (3006,0036), such as MANUAL. */
  readonly algorithm?: string;
  /** ReferencedFrameOfReferenceUID (3006,0024): where its points lie; absent when the file says it for all regions at once. */
  readonly frameOfReferenceUid?: string;
  readonly contours: readonly Contour[];
}

/** Regions drawn on one or more image series. */
export interface StructureSet {
  readonly format: 'RTSTRUCT' | 'AIM';
  /** SOPInstanceUID of an RTSTRUCT, uniqueIdentifier of an AIM collection (which need not be a DICOM UID). */
  readonly sopInstanceUid: string;
  readonly studyUid: string;
  /** SeriesInstanceUIDs of the images the regions were drawn on, as far as the file names them. */
  readonly referencedSeriesUids: readonly string[];
  /** Of the regions that do not state their own. */
  readonly frameOfReferenceUid?: string;
  readonly rois: readonly Roi[];
  /** What the reader noticed about the file as a whole. */
  readonly warnings?: readonly MaskWarning[];
}
