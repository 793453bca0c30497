import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { PipelineError } from '../../contracts/errors.ts';
import { type ByteRanges, memoryRanges } from '../../imaging/segmentation/byte-ranges.ts';
import { UsageError } from '../exit-codes.ts';

/** A file of regions, open until its regions are drawn. */
export interface OpenRanges extends ByteRanges {
  close(): void;
}

/** Smaller files are read at once; larger ones, which only segmentations are, piece by piece. */
const READ_AT_ONCE_BYTES = 64 * 1024 * 1024;

/** @throws UsageError when there is no such file. */
export function openRanges(path: string): OpenRanges {
  const file = openOrRefuse(path);
  const size = fstatSync(file).size;
  const read = (offset: number, target: Uint8Array): Uint8Array => {
    let at = 0;
    while (at < target.length) {
      const count = readSync(file, target, at, target.length - at, offset + at);
      if (count === 0) throw shortened(path, size);
      at += count;
    }
    return target;
  };
  if (size <= READ_AT_ONCE_BYTES) {
    const ranges = memoryRanges(read(0, new Uint8Array(size)));
    return { ...ranges, close: () => closeSync(file) };
  }
  let memory = new Uint8Array(0);
  const readRange = (offset: number, length: number): Uint8Array => {
    if (length > memory.length) memory = new Uint8Array(length);
    return read(offset, memory.subarray(0, length));
  };
  return { size, read: readRange, close: () => closeSync(file) };
}

function openOrRefuse(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new UsageError(
      `there is no file ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

function shortened(path: string, size: number): PipelineError {
  return new PipelineError(
    'UpstreamError',
    `${path} is shorter than its ${size} bytes were: something changed it while it was read; run this again`,
    { size },
  );
}
