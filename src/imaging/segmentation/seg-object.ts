import type { Vec3 } from '../geometry/vector.ts';
import type { SegPixels } from './pixel-data.ts';
import type { RegionColour } from './segment-colour.ts';

export type SegmentationType = 'BINARY' | 'FRACTIONAL' | 'LABELMAP';

/** One item of SegmentSequence (0062,0002). */
export interface Segment {
  /** SegmentNumber (0062,0004); in a label map the pixel value. */
  readonly number: number;
  readonly label: string;
  readonly colour?: RegionColour;
  /** SegmentAlgorithmType (0062,0008) and SegmentAlgorithmName (0062,0009). */
  readonly algorithm?: string;
  readonly background: boolean;
}

/** An image, or one frame of it, that a frame was segmented on. */
export interface SourceImage {
  readonly sopInstanceUid: string;
  /** Counted from 1; absent when the image has one frame or all are meant. */
  readonly frame?: number;
}

/** How the pixels of a frame lie in the patient. Frames that agree share one object. */
export interface FramePlane {
  readonly rowCosinesLps: Vec3;
  readonly columnCosinesLps: Vec3;
  /** Distance of rows, then of columns, as PixelSpacing (0028,0030) has them. */
  readonly pixelSpacingMm: readonly [number, number];
  /** SpacingBetweenSlices (0018,0088), else SliceThickness (0018,0050). */
  readonly sliceGapMm?: number;
}

/** What the functional groups say about one frame. */
export interface SegFrame {
  /** The file whose pixel data hold it, counted from 0: several only when a concatenation was joined. */
  readonly part: number;
  /** In that pixel data, counted from 0. */
  readonly index: number;
  /** ReferencedSegmentNumber (0062,000B); absent in a label map. */
  readonly segment?: number;
  /** ImagePositionPatient (0020,0032): centre of the first pixel. */
  readonly positionLps?: Vec3;
  readonly plane?: FramePlane;
  readonly sources: readonly SourceImage[];
  /** Place in the total pixel matrix of a slide, counted from 0. */
  readonly tile?: { readonly column: number; readonly row: number };
}

/** A whole segmentation; of a concatenation, all its parts in order. */
export interface SegObject {
  /** SOPInstanceUID (0008,0018); of a concatenation that of its source, when it is named. */
  readonly sopInstanceUid: string;
  readonly type: SegmentationType;
  /** SegmentationFractionalType (0062,0010) and MaximumFractionalValue (0062,000E). */
  readonly fractional?: { readonly type: string; readonly maximum: number };
  readonly referencedSeriesUids: readonly string[];
  readonly frameOfReferenceUid?: string;
  readonly segments: readonly Segment[];
  readonly frames: readonly SegFrame[];
  /** Positions tell the frames apart; where they do not, frames lie on the images that they name. */
  readonly usablePositions: boolean;
  /** Pixel data of each file. */
  readonly pixels: readonly SegPixels[];
  /** PixelPaddingValue (0028,0120): background of a label map. */
  readonly paddingValue?: number;
  /** TotalPixelMatrixColumns (0048,0006) and TotalPixelMatrixRows (0048,0007) of a slide. */
  readonly totalMatrix?: { readonly columns: number; readonly rows: number };
  /** More frames are described than NumberOfFrames (0028,0008), which is absent, allows. */
  readonly surplusDescriptions: boolean;
}
