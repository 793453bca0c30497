import { z } from 'zod';
import { DatasetManifest } from '../contracts/dataset.ts';

/** A manifest whose bytes are still to be verified, with what a person should know before using it. */
export const DatasetDraft = z.strictObject({
  manifest: DatasetManifest,
  warnings: z.array(z.string()),
});
export type DatasetDraft = z.infer<typeof DatasetDraft>;
