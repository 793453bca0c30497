/**
 * Every error a stage, the API or the CLI can report, by code.
 *
 * The code is also `error.name`, because Step Functions matches `ErrorEquals` on it and because
 * `esbuild` would otherwise rename the class. Messages say what failed, the bad value, the allowed ones
 * and what to do next; they never carry a patient's name, a label or a date of birth.
 */
export const ERROR_CODES = {
  // webhook and API edge
  InvalidSignature: { httpStatus: 401, retryable: false },
  StaleTimestamp: { httpStatus: 400, retryable: false },
  PayloadTooLarge: { httpStatus: 413, retryable: false },
  MalformedBody: { httpStatus: 422, retryable: false },
  InvalidRequest: { httpStatus: 422, retryable: false },
  Unauthenticated: { httpStatus: 401, retryable: false },
  Forbidden: { httpStatus: 403, retryable: false },
  NotFound: { httpStatus: 404, retryable: false },
  Conflict: { httpStatus: 409, retryable: false },
  UnknownSchemaVersion: { httpStatus: 422, retryable: false },
  // intake
  ArchiveUnavailable: { httpStatus: 502, retryable: true },
  ArchiveRejected: { httpStatus: 502, retryable: false },
  SessionNotFound: { httpStatus: 404, retryable: false },
  NoDicomResource: { httpStatus: 422, retryable: false },
  UnsafeFileAddress: { httpStatus: 422, retryable: false },
  NoContours: { httpStatus: 422, retryable: false },
  NoAutomation: { httpStatus: 422, retryable: false },
  UploadIncomplete: { httpStatus: 422, retryable: false },
  DigestMismatch: { httpStatus: 422, retryable: false },
  LeaseLost: { httpStatus: 409, retryable: false },
  // DICOM image series
  NotDicom: { httpStatus: 422, retryable: false },
  TruncatedDicom: { httpStatus: 422, retryable: false },
  UnsupportedTransferSyntax: { httpStatus: 422, retryable: false },
  UnsupportedImage: { httpStatus: 422, retryable: false },
  MissingAttribute: { httpStatus: 422, retryable: false },
  MixedSeries: { httpStatus: 422, retryable: false },
  DegenerateOrientation: { httpStatus: 422, retryable: false },
  DuplicateSlicePosition: { httpStatus: 422, retryable: false },
  IrregularSpacing: { httpStatus: 422, retryable: false },
  GantryTilt: { httpStatus: 422, retryable: false },
  TooFewSlices: { httpStatus: 422, retryable: false },
  ValueOutOfRange: { httpStatus: 422, retryable: false },
  VolumeTooLarge: { httpStatus: 413, retryable: false },
  UnsupportedNifti: { httpStatus: 422, retryable: false },
  CorruptPixelData: { httpStatus: 422, retryable: false },
  DecompressionBomb: { httpStatus: 413, retryable: false },
  AmbiguousSeries: { httpStatus: 422, retryable: false },
  Localizer: { httpStatus: 422, retryable: false },
  SecondaryCapture: { httpStatus: 422, retryable: false },
  ColourImage: { httpStatus: 422, retryable: false },
  MissingDecayCorrection: { httpStatus: 422, retryable: false },
  MalformedNifti: { httpStatus: 422, retryable: false },
  // contours and masks
  EmptyRtstruct: { httpStatus: 422, retryable: false },
  ReferencedSeriesMissing: { httpStatus: 422, retryable: false },
  ReferencedImageMissing: { httpStatus: 422, retryable: false },
  FrameOfReferenceMismatch: { httpStatus: 422, retryable: false },
  ContourOffPlane: { httpStatus: 422, retryable: false },
  ContourNotPlanar: { httpStatus: 422, retryable: false },
  MalformedContour: { httpStatus: 422, retryable: false },
  MalformedLabelMap: { httpStatus: 422, retryable: false },
  UnmappedRegion: { httpStatus: 422, retryable: false },
  OverlappingRegions: { httpStatus: 422, retryable: false },
  MalformedAim: { httpStatus: 422, retryable: false },
  MalformedSeg: { httpStatus: 422, retryable: false },
  SegGridMismatch: { httpStatus: 422, retryable: false },
  SegConcatenation: { httpStatus: 422, retryable: false },
  EmptySegmentation: { httpStatus: 422, retryable: false },
  MaskGridMismatch: { httpStatus: 422, retryable: false },
  MaskNotIntegral: { httpStatus: 422, retryable: false },
  UnsupportedRoiType: { httpStatus: 422, retryable: false },
  // datasets, models, training
  EmptyDataset: { httpStatus: 422, retryable: false },
  IncompleteDataset: { httpStatus: 422, retryable: false },
  InvalidSplit: { httpStatus: 422, retryable: false },
  MixedUnits: { httpStatus: 422, retryable: false },
  MixedSpacing: { httpStatus: 422, retryable: false },
  MixedClasses: { httpStatus: 422, retryable: false },
  UnsafeModel: { httpStatus: 422, retryable: false },
  InvalidModel: { httpStatus: 422, retryable: false },
  InvalidParameters: { httpStatus: 422, retryable: false },
  TestSubjectLeak: { httpStatus: 422, retryable: false },
  BudgetExceeded: { httpStatus: 422, retryable: false },
  TrainingFailed: { httpStatus: 500, retryable: false },
  EvaluationFailed: { httpStatus: 500, retryable: false },
  ExportFailed: { httpStatus: 500, retryable: false },
  // anything unforeseen
  ConfigurationError: { httpStatus: 500, retryable: false },
  UpstreamError: { httpStatus: 502, retryable: true },
  InternalError: { httpStatus: 500, retryable: false },
} as const satisfies Record<string, { httpStatus: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a code, a sentence for a person, and facts for a program. */
export class PipelineError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
    this.name = code;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].httpStatus;
  }
}

export function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERROR_CODES, name);
}
