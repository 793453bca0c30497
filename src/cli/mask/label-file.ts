import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ByteSink } from '../../engine/byte-sink.ts';
import { openFileSink } from '../../engine/file-sink.ts';

/** Null for a file that is not packed. */
export function labelPacking(path: string): 'runs' | null {
  return path.toLowerCase().endsWith('.gz') ? 'runs' : null;
}

export async function openLabelFile(path: string): Promise<ByteSink> {
  await mkdir(dirname(path), { recursive: true });
  return openFileSink(path);
}
