import { PipelineError } from '../contracts/errors.ts';
import type { ByteSource } from './byte-source.ts';

/** What one slab may hold: more belongs into several runs, or on a larger machine. */
export const MAX_SLAB_BYTES = 8 * 1024 ** 3;

/** Places begin at multiples of this, so that samples of any size can be read where they lie. */
const ALIGNMENT = 8;

export interface ReadSlabOptions {
  /** Reads under way at once. */
  readonly atOnce: number;
  /** Called with each source as soon as it is read, in no order; its bytes stay valid. */
  readonly onRead: (bytes: Uint8Array<SharedArrayBuffer>, index: number) => void;
}

/**
 * Reads all sources into one piece of shared memory, where any thread can use them without a copy.
 *
 * @throws VolumeTooLarge when they do not fit, before anything is read; what reading throws
 */
export async function readIntoSlab(
  sources: readonly ByteSource[],
  { atOnce, onRead }: ReadSlabOptions,
): Promise<void> {
  const places = placesFor(sources);
  const slab = new SharedArrayBuffer(places.total);
  let next = 0;
  const readNext = async (): Promise<void> => {
    while (next < sources.length) {
      const index = next;
      next += 1;
      const source = sources[index] as ByteSource;
      const bytes = new Uint8Array(slab, places.at[index], source.sizeBytes);
      await source.readInto(bytes);
      onRead(bytes, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, sources.length) }, readNext));
}

function placesFor(sources: readonly ByteSource[]): { at: number[]; total: number } {
  let total = 0;
  const at = sources.map(({ sizeBytes }) => {
    const place = total;
    total += Math.ceil(sizeBytes / ALIGNMENT) * ALIGNMENT;
    return place;
  });
  if (total <= MAX_SLAB_BYTES) return { at, total };
  throw new PipelineError(
    'VolumeTooLarge',
    `the ${sources.length} files hold ${total} bytes, at most ${MAX_SLAB_BYTES} can be read at once; convert fewer files at a time`,
    { files: sources.length, totalBytes: total, allowed: MAX_SLAB_BYTES },
  );
}
