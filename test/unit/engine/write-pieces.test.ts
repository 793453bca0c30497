import { describe, expect, it } from '@jest/globals';
import { type Piece, writePieces } from '../../../src/engine/write-pieces.ts';
import { codeOf } from './code-of.ts';
import { memorySink } from './memory-sink.ts';

const piece = (length: number): Piece => ({ bytes: new Uint8Array(length), crc32: 0, length });

describe('writePieces', () => {
  it('writes what it is given', async () => {
    const sink = memorySink();
    const written = await writePieces([piece(3), piece(4)], sink, { gzip: false, contentBytes: 7 });
    expect([written.sizeBytes, written.result.length, sink.ended.finished]).toEqual([7, 7, true]);
  });

  it.each([
    ['nothing', []],
    ['a part', [piece(3)]],
    ['too much', [piece(3), piece(4), piece(1)]],
  ])('finishes no file of which %s was made', async (_, pieces) => {
    for (const gzip of [false, true]) {
      const sink = memorySink();
      expect(await codeOf(writePieces(pieces, sink, { gzip, contentBytes: 7 }))).toBe('InternalError');
      expect(sink.ended).toEqual({ finished: false, aborted: true });
    }
  });
});
