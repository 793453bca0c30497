import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFileRanges } from '../../../src/engine/file-ranges.ts';

const MIB = 1 << 20;

describe('ranges of a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ranges-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(bytes: number): string {
    const path = join(folder, 'file');
    writeFileSync(
      path,
      Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + (at >> 8)) & 0xff),
    );
    return path;
  }

  test('are what the file holds, in any order and larger than a block', () => {
    const bytes = 9 * MIB + 5;
    const ranges = openFileRanges(file(bytes));
    try {
      expect(ranges.size).toBe(bytes);
      for (const [offset, length] of [
        [0, 3],
        [5 * MIB, 10],
        [4 * MIB - 2, 4],
        [1, 6 * MIB],
        [bytes - 1, 1],
        [bytes, 0],
      ] as const) {
        const read = ranges.read(offset, length);
        expect(read).toHaveLength(length);
        const wrong = read.findIndex((value, at) => {
          const place = offset + at;
          return value !== ((place * 7 + (place >> 8)) & 0xff);
        });
        expect(wrong).toBe(-1);
      }
    } finally {
      ranges.close();
    }
  });

  test('say so when the file has become shorter', () => {
    const path = file(5 * MIB);
    const ranges = openFileRanges(path);
    try {
      truncateSync(path, 100);
      expect(() => ranges.read(4 * MIB, 8)).toThrow(
        expect.objectContaining({ code: 'UpstreamError', details: { found: 4 * MIB, expected: 5 * MIB } }),
      );
    } finally {
      ranges.close();
    }
  });

  test('of an empty file hold nothing', () => {
    const ranges = openFileRanges(file(0));
    expect(ranges.size).toBe(0);
    ranges.close();
  });
});
