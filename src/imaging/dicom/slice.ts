import type { Vec3 } from '../geometry/vector.ts';

/** How one sample is packed: PS3.5 section 8.1.1. */
export interface PixelLayout {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** PixelRepresentation (0028,0103) is 1: two's complement. */
  readonly signed: boolean;
}

/** Stored values of one frame, row by row from the upper left, before any rescale. */
export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

/**
 * The pixels of one slice as its file holds them: plain data without functions, so that any thread can decode it.
 *
 * The parts are views into the file's bytes. Over a SharedArrayBuffer they pass between threads without a copy.
 */
export interface EncodedFrame {
  readonly transferSyntaxUid: string;
  /** Of the whole stored frame; of the whole mosaic when the slice is one of its tiles. */
  readonly layout: PixelLayout;
  /** Uncompressed samples in one part, or the fragments of a compressed frame in order. */
  readonly parts: readonly Uint8Array[];
  /** The part of the decoded frame that is this slice; absent when all of it is. */
  readonly tile?: {
    readonly column: number;
    readonly row: number;
    readonly columns: number;
    readonly rows: number;
  };
}

/** What tells images at one place apart: phases, echoes, b-values. As the file says it; absent where it does not. */
export interface SliceAcquisition {
  /** InstanceNumber (0020,0013): told to people, never used to order slices. */
  readonly instanceNumber?: number;
  /** AcquisitionNumber (0020,0012). */
  readonly acquisitionNumber?: number;
  /** TemporalPositionIdentifier (0020,0100) or TemporalPositionIndex (0020,9128). */
  readonly temporalPosition?: number;
  /** EchoTime (0018,0081) or EffectiveEchoTime (0018,9082), ms. */
  readonly echoTimeMs?: number;
  /** EchoNumbers (0018,0086), first value. */
  readonly echoNumber?: number;
  /** TriggerTime (0018,1060) or NominalCardiacTriggerDelayTime (0020,9153), ms. */
  readonly triggerTimeMs?: number;
  /** DiffusionBValue (0018,9087), s/mm2. */
  readonly bValue?: number;
  /** AcquisitionDateTime (0008,002A), else AcquisitionTime (0008,0032), as text. */
  readonly acquiredAt?: string;
  /** StackID (0020,9056) of an enhanced frame. */
  readonly stackId?: string;
  /** DimensionIndexValues (0020,9157) of an enhanced frame. */
  readonly dimensionIndexValues?: readonly number[];
}

/**
 * What a standardised uptake value needs of a PET image, as the file says it; absent where it does not.
 *
 * Dates and times are DICOM text (DT, or DA followed by TM) without punctuation: `20260131142530.5`.
 */
export interface PetAttributes {
  /** DecayCorrection (0054,1102): NONE, START (of the acquisition series) or ADMIN (of the dose). */
  readonly decayCorrection?: string;
  /** CorrectedImage (0028,0051), such as `['DECY', 'ATTN', 'SCAT']`. */
  readonly correctedImage?: readonly string[];
  /** SUVType (0054,1006), such as BW, when the stored values are already uptake values. */
  readonly suvType?: string;
  /** RadionuclideTotalDose (0018,1074), Bq. */
  readonly injectedDoseBq?: number;
  /** RadionuclideHalfLife (0018,1075), s. */
  readonly halfLifeSeconds?: number;
  /** RadiopharmaceuticalStartDateTime (0018,1078), with its date. */
  readonly injectedAt?: string;
  /** RadiopharmaceuticalStartTime (0018,1072), a time of an unstated day. */
  readonly injectedTime?: string;
  /** SeriesDate (0008,0021) and SeriesTime (0008,0031). */
  readonly seriesStartedAt?: string;
  /** AcquisitionDate (0008,0022) and AcquisitionTime (0008,0032), or AcquisitionDateTime (0008,002A). */
  readonly acquiredAt?: string;
  /** PatientWeight (0010,1030), kg. */
  readonly patientWeightKg?: number;
  /** FrameReferenceTime (0054,1300), ms after the start of the series. */
  readonly frameReferenceTimeMs?: number;
  /** ActualFrameDuration (0018,1242), ms. */
  readonly frameDurationMs?: number;
  /** DecayFactor (0054,1321) already applied. */
  readonly decayFactor?: number;
}

/** One image plane: a classic file, a frame of a multi-frame object or a tile of a mosaic, without its pixels. */
export interface SliceHeader extends PixelLayout {
  readonly transferSyntaxUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Frame within the instance, counted from 1 as ReferencedFrameNumber (0008,1160) does; tiles count as frames. */
  readonly frame: number;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid?: string;
  readonly modality: string;
  /** ImageType (0008,0008) or FrameType (0008,9007), such as `['ORIGINAL', 'PRIMARY', 'AXIAL']`. */
  readonly imageType: readonly string[];
  readonly photometricInterpretation: string;
  /** ImagePositionPatient (0020,0032): centre of the first voxel, LPS mm. */
  readonly positionLps: Vec3;
  /** First three values of ImageOrientationPatient (0020,0037): direction of increasing column index. */
  readonly rowCosinesLps: Vec3;
  /** Last three values of ImageOrientationPatient: direction of increasing row index. */
  readonly columnCosinesLps: Vec3;
  /** PixelSpacing (0028,0030) in mm as stored: distance of rows first, then distance of columns. */
  readonly pixelSpacingMm: readonly [number, number];
  readonly sliceThicknessMm?: number;
  readonly spacingBetweenSlicesMm?: number;
  /** `real-world = slope * stored + intercept`; absent tags mean slope 1, intercept 0 and `fromFile` false. */
  readonly rescale: {
    readonly slope: number;
    readonly intercept: number;
    readonly type?: string;
    readonly fromFile: boolean;
    /** The scale is that of the RealWorldValueMappingSequence (0040,9096), the only one in the file. */
    readonly fromRealWorldMapping?: true;
  };
  /** Units (0054,1001) of a PET image, such as BQML. */
  readonly units?: string;
  /** PixelPaddingValue (0028,0120) to PixelPaddingRangeLimit (0028,0121), stored values, ascending. */
  readonly paddingStored?: { readonly low: number; readonly high: number };
  readonly acquisition: SliceAcquisition;
  /** Of PET images only. */
  readonly pet?: PetAttributes;
}

/** A slice with its pixels still encoded; `decodeFrame(slice.encoded)` gives its stored values. */
export interface Slice extends SliceHeader {
  readonly encoded: EncodedFrame;
}
