import { z } from 'zod';
import { SchemaVersion, Sha256, SpacingMm } from './identifiers.ts';

const DicomText = z.string().min(1).max(64).describe('a UID as the file states it');
const Percent = z.number().describe('percent');
const Ml = z.number().describe('millilitres');

/** An input of the case by content; file names and patient data have no place here. */
export const CertifiedInput = z.strictObject({
  role: z
    .enum(['slice', 'contours', 'companion', 'label-map'])
    .describe('companion: the AIM that the contours were compared with'),
  sha256: Sha256,
  sizeBytes: z.int().nonnegative(),
});
export type CertifiedInput = z.infer<typeof CertifiedInput>;

/** A voxel grid; LPS mm, i = column, j = row, k = slice. */
export const CertifiedGrid = z.strictObject({
  sizeIjk: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  spacingMm: SpacingMm,
  originLps: z.tuple([z.number(), z.number(), z.number()]),
  directionLps: z.array(z.number()).length(9).describe('row-major; the columns are the axes of i, j and k'),
});
export type CertifiedGrid = z.infer<typeof CertifiedGrid>;

/** A file, or frames of one, that is in no volume. */
export const RejectedSlice = z.strictObject({ sha256: Sha256, code: z.string(), message: z.string() });
export type RejectedSlice = z.infer<typeof RejectedSlice>;

/** What was done to a stack with gantry tilt, or with missing or uneven slices. */
export const CertifiedIrregularity = z.strictObject({
  kinds: z.array(z.enum(['gantry-tilt', 'missing-slices', 'uneven-spacing'])),
  policy: z.enum(['resample', 'native']),
  tiltDegrees: z.number(),
  gapRangeMm: z.tuple([z.number(), z.number()]).describe('of neighbouring acquired slices'),
  synthesisedPlanes: z
    .array(z.int().nonnegative())
    .describe('planes k that no acquired slice coincides with'),
  rule: z.string().describe('one sentence for a person'),
});
export type CertifiedIrregularity = z.infer<typeof CertifiedIrregularity>;

/** What tells the volume from the others of its series, such as an echo or a phase. */
export const CertifiedPart = z.strictObject({
  kind: z.enum(['phase', 'echo', 'b-value', 'stack', 'image-type']),
  index: z.int().positive(),
  label: z.string(),
});
export type CertifiedPart = z.infer<typeof CertifiedPart>;

/** One region of the file of contours or segmentation: what it became, and where it comes from. */
export const CertifiedSource = z.strictObject({
  number: z.int().describe('ROINumber, SegmentNumber, mask value, or place in the file'),
  name: z.string(),
  value: z
    .int()
    .min(1)
    .max(65535)
    .nullable()
    .describe('null when the label map leaves it out or nothing is drawn'),
  voxels: z.int().nonnegative().describe('enclosed, whether or not a later region took them'),
  provenance: z.strictObject({
    format: z.enum(['RTSTRUCT', 'AIM', 'SEG', 'NIFTI']),
    sourceUid: z.string().exactOptional().describe('SOPInstanceUID (0008,0018), or AIM uniqueIdentifier'),
    algorithm: z
      .string()
      .exactOptional()
      .describe('SegmentAlgorithmType (0062,0008) and name, or ROIGenerationAlgorithm (3006,0036)'),
    fractional: z
      .strictObject({
        type: z.string().describe('SegmentationFractionalType (0062,0010)'),
        threshold: z
          .number()
          .describe('share of MaximumFractionalValue (0062,000E) from which a pixel belongs'),
      })
      .exactOptional(),
  }),
});
export type CertifiedSource = z.infer<typeof CertifiedSource>;

/** One region from contour to model space. */
export const CertifiedRegion = z.strictObject({
  name: z.string(),
  value: z.int().min(1).max(65535),
  roiNumbers: z.array(z.int()),
  contours: z.int().nonnegative(),
  planes: z.int().nonnegative(),
  gaps: z.int().nonnegative(),
  voxelsDrawn: z.int().nonnegative().describe('enclosed by the contours'),
  voxelsNative: z.int().nonnegative().describe('in the native mask, after later regions took theirs'),
  voxelsModel: z.int().nonnegative().describe('in the mask at model spacing'),
  volumeMlContours: Ml,
  volumeMlDrawn: Ml,
  volumeMlNative: Ml,
  volumeMlModel: Ml,
  contourDriftPercent: Percent.nullable().describe(
    'drawn voxels against contours; null without contour area',
  ),
  resamplingDriftPercent: Percent.nullable().describe(
    'model against native; null when the native mask has none',
  ),
});
export type CertifiedRegion = z.infer<typeof CertifiedRegion>;

export const CertificateGate = z.strictObject({
  gate: z.enum([
    'contour-voxel-volume',
    'resampling-drift',
    'region-lost',
    'overlap-share',
    'missing-regions',
    'review-warnings',
  ]),
  region: z.string().nullable().describe('region with the worst value; null when the gate is about the case'),
  value: z.number(),
  threshold: z.number().describe('passed when value <= threshold'),
  passed: z.boolean(),
});
export type CertificateGate = z.infer<typeof CertificateGate>;

/** Limits of the gates; an automation may set its own. Losing a region always fails. */
export const CertificateThresholds = z.strictObject({
  contourVolumePercent: z.number().min(0).default(5).describe('drawn voxels against contours'),
  resamplingDriftPercent: z.number().min(0).default(5).describe('model mask against native mask'),
  smallRegionVoxels: z.int().min(0).default(500).describe('a region of fewer voxels on either grid is small'),
  smallRegionPercent: z.number().min(0).default(15).describe('limit of both volume gates for small regions'),
  overlapPercent: z.number().min(0).default(1).describe('voxels lost to later regions, of those drawn'),
});
export type CertificateThresholds = z.infer<typeof CertificateThresholds>;

/** Proof of one conversion: what went in, what came out, how far they agree, and whether that is good enough. */
export const Certificate = z.strictObject({
  schemaVersion: SchemaVersion,
  softwareVersion: z.string(),
  seriesUid: DicomText,
  unit: z.string().describe('of the image values: HU, BQML, or as the file says'),
  scaleSource: z.enum(['rescale', 'stored', 'real-world-mapping', 'suv']),
  inputs: z.array(CertifiedInput).min(1),
  slicesUsed: z.int().positive().describe('acquired images that the volume is made of'),
  slicesRejected: z.array(RejectedSlice),
  irregularity: CertifiedIrregularity.nullable()
    .default(null)
    .describe('null for an evenly spaced, upright stack'),
  parts: z.array(CertifiedPart).default([]).describe('empty when the series is one volume'),
  nativeGrid: CertifiedGrid,
  modelGrid: CertifiedGrid,
  maxStorageError: z.number().nonnegative().describe('of native values, in their unit'),
  maxRoundingError: z.number().nonnegative().describe('of model values, in their unit'),
  regions: z.array(CertifiedRegion),
  sources: z
    .array(CertifiedSource)
    .default([])
    .describe('every region of the file, in its order; empty in certificates of before'),
  overlaps: z.array(z.strictObject({ lost: z.string(), won: z.string(), voxels: z.int().positive() })),
  unmapped: z.array(z.strictObject({ number: z.int(), name: z.string() })),
  missing: z.array(
    z.strictObject({
      name: z.string(),
      value: z.int().min(1).max(65535),
      policy: z.enum(['review', 'absent', 'ignore']),
    }),
  ),
  warnings: z.array(
    z.strictObject({
      code: z.string(),
      message: z.string(),
      region: z.string().nullable(),
      needsReview: z.boolean(),
    }),
  ),
  gates: z.array(CertificateGate),
  outcome: z.enum(['ready', 'needs-review']),
  reasons: z.array(z.string()).describe('one sentence per failed gate, for a person'),
});
export type Certificate = z.infer<typeof Certificate>;
