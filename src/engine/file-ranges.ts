import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { PipelineError } from '../contracts/errors.ts';
import type { ByteRanges } from '../imaging/segmentation/byte-ranges.ts';

/** An open file, read block by block; close it when nothing will be read any more. */
export interface FileRanges extends ByteRanges {
  readonly close: () => void;
}

/** Read ahead, because readers go through a file mostly in order. */
const BLOCK_BYTES = 4 << 20;

/**
 * Opens a file that may be larger than memory; one block of it is held at a time.
 *
 * @throws what the file system says; reading throws UpstreamError when the file has become shorter.
 */
export function openFileRanges(path: string): FileRanges {
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  const block = new Uint8Array(Math.min(BLOCK_BYTES, size));
  let [start, held] = [0, 0];
  return {
    size,
    read: (offset, length) => {
      if (length > block.length) return fill(path, file, offset, new Uint8Array(length));
      if (offset < start || offset + length > start + held) {
        held = 0;
        held = fill(path, file, offset, block.subarray(0, Math.min(block.length, size - offset))).length;
        start = offset;
      }
      return block.subarray(offset - start, offset - start + length);
    },
    close: () => closeSync(file),
  };
}

function fill(path: string, file: number, offset: number, target: Uint8Array): Uint8Array {
  let at = 0;
  while (at < target.length) {
    const read = readSync(file, target, at, target.length - at, offset + at);
    if (read === 0) throw shortened(path, offset + at, offset + target.length);
    at += read;
  }
  return target;
}

function shortened(path: string, found: number, expected: number): PipelineError {
  return new PipelineError(
    'UpstreamError',
    `${path} ends at byte ${found}, before ${expected}: something changed it while it was read; run this again`,
    { found, expected },
  );
}
