import { z } from 'zod';
import {
  CertifiedIrregularity,
  CertifiedPart,
  CertifiedSource,
  RejectedSlice,
} from '../contracts/certificate.ts';
import { SchemaVersion } from '../contracts/identifiers.ts';
import { createGeometry, type GridDescription } from '../imaging/geometry/volume-geometry.ts';
import type { PlannedGrid } from '../imaging/mask/mask-target.ts';
import { MASK_WARNING_CODES } from '../imaging/mask/mask-warning.ts';

/** JSON that the imaging stages leave for each other below `work/`; none of it holds a voxel. */
const Vec3 = z.tuple([z.number(), z.number(), z.number()]);
const Nine = z.tuple([
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
]);

export const StoredGrid = z.strictObject({
  sizeIjk: Vec3,
  spacingMm: Vec3,
  originLps: Vec3,
  directionLps: Nine,
});

/** What ConvertSeries learned of a series, beside its voxels. */
export const GeometryFile = z.strictObject({
  schemaVersion: SchemaVersion,
  seriesUid: z.string(),
  frameOfReferenceUid: z.string().nullable(),
  grid: StoredGrid,
  unit: z.string(),
  scaleSource: z.enum(['rescale', 'stored', 'real-world-mapping', 'suv']),
  padding: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
  maxStorageError: z.number(),
  references: z
    .array(
      z.strictObject({
        k: z.number().describe('between planes where the stack was resampled'),
        sopInstanceUid: z.string(),
        frame: z.int().min(1),
        positionLps: Vec3.describe('ImagePositionPatient (0020,0032), mm'),
      }),
    )
    .describe('acquired images in order along the normal'),
  irregularity: CertifiedIrregularity.nullable(),
  parts: z.array(CertifiedPart),
  rejected: z.array(RejectedSlice),
  warnings: z.array(z.string()),
});
export type GeometryFile = z.infer<typeof GeometryFile>;

const Rgb = z.tuple([z.number(), z.number(), z.number()]);

/** What BuildMask drew: the mask without its voxels. */
export const MaskFile = z.strictObject({
  schemaVersion: SchemaVersion,
  regions: z.array(
    z.strictObject({
      name: z.string(),
      value: z.int(),
      roiNumbers: z.array(z.int()),
      colour: Rgb.exactOptional(),
      voxels: z.int(),
      voxelsDrawn: z.int(),
      volumeMlVoxels: z.number(),
      volumeMlContours: z.number(),
      contours: z.int(),
      planes: z.int(),
      gaps: z.int(),
    }),
  ),
  sources: z.array(CertifiedSource).default([]),
  unmapped: z.array(z.strictObject({ number: z.int(), name: z.string() })),
  missing: z.array(z.strictObject({ name: z.string(), value: z.int() })),
  overlaps: z.array(z.strictObject({ lost: z.string(), won: z.string(), voxels: z.int() })),
  warnings: z.array(
    z.strictObject({
      code: z.enum(MASK_WARNING_CODES),
      message: z.string(),
      region: z.string().exactOptional(),
      needsReview: z.boolean(),
      details: z.record(z.string(), z.union([z.number(), z.string()])),
    }),
  ),
});
export type MaskFile = z.infer<typeof MaskFile>;

/** What ResampleVolume made of image and mask. */
export const ModelSpaceFile = z.strictObject({
  schemaVersion: SchemaVersion,
  grid: StoredGrid,
  maxRoundingError: z.number(),
  regions: z.array(
    z.strictObject({
      value: z.int(),
      voxelsNative: z.int(),
      voxels: z.int(),
      volumeMlNative: z.number(),
      volumeMl: z.number(),
      driftPercent: z.number(),
    }),
  ),
});
export type ModelSpaceFile = z.infer<typeof ModelSpaceFile>;

/** The grid of a native volume and the acquired images on it, as they were planned. */
export function plannedGrid(described: GeometryFile): PlannedGrid {
  const { seriesUid, frameOfReferenceUid, grid, references, irregularity } = described;
  return {
    seriesUid,
    ...(frameOfReferenceUid === null ? {} : { frameOfReferenceUid }),
    geometry: createGeometry(grid),
    references,
    ...(irregularity === null ? {} : { irregularity }),
  };
}

export function storeGrid(geometry: GridDescription): z.infer<typeof StoredGrid> {
  const { sizeIjk, spacingMm, originLps, directionLps } = geometry;
  return {
    sizeIjk: [...sizeIjk],
    spacingMm: [...spacingMm],
    originLps: [...originLps],
    directionLps: [...directionLps],
  };
}
