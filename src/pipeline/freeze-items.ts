import type { z } from 'zod';
import type { ObjectRef } from '../contracts/identifiers.ts';
import type { FreezeItemsInput, FreezeItemsOutput } from '../contracts/stages/save-dataset.ts';
import { DatasetDraft } from '../datasets/draft.ts';
import type { Ports } from '../ports/index.ts';
import { inParallel } from './in-parallel.ts';
import { readJson } from './stored-json.ts';

/** Volumes held in memory at a time. */
const CONCURRENCY = 4;

/**
 * Reads every file of the draft back and compares its digest: a dataset never names bytes that are not there.
 *
 * @throws NotFound or DigestMismatch for the first file that fails.
 */
export async function freezeItems(
  input: FreezeItemsInput,
  { objects }: Pick<Ports, 'objects'>,
): Promise<z.input<typeof FreezeItemsOutput>> {
  const { manifest } = await readJson(objects, DatasetDraft, input.draft);
  const refs = new Map<string, ObjectRef>();
  for (const { files } of manifest.items) {
    for (const ref of Object.values(files)) refs.set(ref.key, ref);
  }
  const sizes = await inParallel(
    [...refs.values()],
    CONCURRENCY,
    async (ref) => (await objects.read(ref)).length,
  );
  return { verified: sizes.length, sizeBytes: sizes.reduce((sum, size) => sum + size, 0) };
}
