/** Everything a mask can be built with that a person should know; the certificate repeats it. */
export const MASK_WARNING_CODES = [
  'ContoursOutsideVolume',
  'ContoursOutsideImages',
  'ContoursSuperseded',
  'ContoursApart',
  'DegenerateContours',
  'UnfilledContourTypes',
  'PartlyCrossingContours',
  'RepeatedContours',
  'GapBetweenContours',
  'GapInterpolated',
  'EmptyRegion',
  'MergedRois',
  'FrameOfReferenceDiffers',
  'AmbiguousSynonyms',
  'FormatsDiffer',
  'FramesOutsideVolume',
  'PixelsOutsideImages',
  'SegResampled',
  'SurplusFrameDescriptions',
] as const;
export type MaskWarningCode = (typeof MASK_WARNING_CODES)[number];

export interface MaskWarning {
  readonly code: MaskWarningCode;
  readonly message: string;
  /** Region's name in the label map; absent when the whole structure set is meant. */
  readonly region?: string;
  /** Whether a person has to look before the case is used. */
  readonly needsReview: boolean;
  readonly details: Readonly<Record<string, number | string>>;
}
