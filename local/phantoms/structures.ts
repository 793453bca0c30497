import type { Vec3 } from './vector.ts';

/** One closed planar polygon. Vertices in patient LPS mm, last point not repeated. */
export interface Contour {
  readonly sopInstanceUid: string;
  readonly points: readonly Vec3[];
}

export interface Region {
  readonly name: string;
  /** Display colour, 0..255. */
  readonly colour: readonly [red: number, green: number, blue: number];
  readonly contours: readonly Contour[];
}

/** The series that contours were drawn on. */
interface ReferencedSeries {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUids: readonly string[];
}

/** Contours drawn on one series, before they become RTSTRUCT or AIM. */
export interface Structures {
  readonly label: string;
  readonly patientId: string;
  readonly patientName: string;
  /** Identifies the written object; the same uid gives the same bytes. */
  readonly uid: string;
  readonly series: ReferencedSeries;
  readonly regions: readonly Region[];
}

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
