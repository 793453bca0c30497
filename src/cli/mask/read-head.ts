import type { LocalSource } from '../../engine/local-source.ts';

/** A disk answers sooner; what takes longer is a network drive, or a disk that has gone to sleep. */
const SLOW_READ_MS = 2;

/** Fills the target with the beginning of a file. */
export type ReadHead = (source: LocalSource, target: Uint8Array) => Promise<void>;

/**
 * Asking another thread for a few kilobytes takes several times as long as reading them, so that is what is done until one
 * read is slow; from then on callers wait side by side.
 */
export function headReader(slowReadMs = SLOW_READ_MS): ReadHead {
  let slow = false;
  return async (source, target) => {
    if (slow) return source.readInto(target);
    const start = performance.now();
    source.readNow(target);
    slow = performance.now() - start > slowReadMs;
  };
}
