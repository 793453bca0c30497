import { z } from 'zod';
import { CertifiedGrid, CertifiedInput, CertifiedIrregularity, CertifiedPart } from './certificate.ts';
import { SchemaVersion, Sha256 } from './identifiers.ts';

const Uid = z.string().min(1).max(64).describe('a UID as the file states it');

/** What one volume of `contourflow convert` is made of, and how; written beside it. */
export const ConversionCertificate = z.strictObject({
  schemaVersion: SchemaVersion,
  softwareVersion: z.string(),
  seriesUid: Uid,
  modality: z.string(),
  output: z.strictObject({
    file: z.string().describe('in the folder of the certificate'),
    sha256: Sha256,
    sizeBytes: z.int().nonnegative(),
    dataType: z.enum(['int16', 'float32']),
  }),
  grid: CertifiedGrid,
  unit: z.string().describe('of the values: HU, BQML, g/ml, or as the file says'),
  scaleSource: z.enum(['rescale', 'stored', 'real-world-mapping', 'suv']),
  padding: z
    .strictObject({ low: z.number(), high: z.number() })
    .nullable()
    .describe('values of voxels outside the image'),
  maxStorageError: z.number().nonnegative().describe('in the unit of the values'),
  parts: z
    .array(CertifiedPart)
    .describe('what tells this volume from the others of its series; empty when it is the only one'),
  irregularity: CertifiedIrregularity.nullable().describe('null for an evenly spaced, upright stack'),
  inputs: z.array(CertifiedInput).min(1).describe('the files whose images the volume is made of'),
  slices: z
    .array(z.strictObject({ k: z.number(), sopInstanceUid: Uid, frame: z.int().positive() }))
    .describe('acquired slices on the grid; k is not whole where the stack was resampled'),
  rejected: z
    .array(
      z.strictObject({
        sha256: Sha256,
        frame: z.int().positive().nullable().describe('null for the whole file'),
        code: z.string(),
        message: z.string(),
      }),
    )
    .describe('images of the series that are in none of its volumes'),
  warnings: z.array(z.string()),
});
export type ConversionCertificate = z.infer<typeof ConversionCertificate>;
