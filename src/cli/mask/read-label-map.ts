import { readFile } from 'node:fs/promises';
import { UsageError } from '../exit-codes.ts';

/** The bytes of a label map, still to be parsed. */
export async function readLabelMap(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(
      `there is no file ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}
