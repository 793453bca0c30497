/** One contour as drawn: points in the patient, and the image it was drawn on when the file names it. */
export interface Contour {
  /** ContourGeometricType (3006,0042): CLOSED_PLANAR, CLOSEDPLANAR_XOR, OPEN_PLANAR, OPEN_NONPLANAR or POINT. */
  readonly geometricType: string;
  /** x, y, z of each point in turn, LPS mm. */
  readonly pointsLps: Float64Array;
  /** ReferencedSOPInstanceUID (0008,1155) of the first image item. */
  readonly sopInstanceUid?: string;
  /** ReferencedFrameNumber (0008,1160), counted from 1. */
  readonly frame?: number;
}

/** A region of interest; `number` is unique within its collection, `name` need not be. */
export interface Roi {
  readonly number: number;
  readonly name: string;
  /** ROIDisplayColor (3006,002A): red, green and blue, 0 to 255. */
  readonly colour?: readonly [number, number, number];
  readonly contours: readonly Contour[];
}

/** Regions drawn on one or more image series. */
export interface StructureSet {
  readonly sopInstanceUid: string;
  readonly studyUid: string;
  /** SeriesInstanceUIDs of the images the regions were drawn on, as far as the file names them. */
  readonly referencedSeriesUids: readonly string[];
  readonly frameOfReferenceUid?: string;
  readonly rois: readonly Roi[];
}
