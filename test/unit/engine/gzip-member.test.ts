import { crc32, createInflateRaw, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decompressAsync } from 'nifti-reader-js';
import { combineCrc32 } from '../../../src/engine/crc32-combine.ts';
import { deflatePiece, GZIP_HEADER, GzipTrailer } from '../../../src/engine/gzip-member.ts';

/** A member of pieces that end at `cuts`. */
function member(content: Uint8Array, cuts: readonly number[], level: number): Uint8Array {
  const ends = [...new Set([...cuts, content.length])].sort((a, b) => a - b);
  const trailer = new GzipTrailer();
  const parts: Uint8Array[] = [GZIP_HEADER];
  let from = 0;
  for (const end of ends) {
    const piece = deflatePiece(content.subarray(from, end), level, end === content.length);
    trailer.add(piece);
    parts.push(piece.bytes);
    from = end;
  }
  return Buffer.concat([...parts, trailer.bytes()]);
}

const CONTENT = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.array(fc.constantFrom(0, 0, 0, 1), { maxLength: 20_000 }).map((values) => Uint8Array.from(values)),
);

describe('combineCrc32', () => {
  it('gives the CRC-32 of two pieces joined', () => {
    fc.assert(
      fc.property(CONTENT, CONTENT, (first, second) => {
        const joined = Buffer.concat([first, second]);
        expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(crc32(joined));
      }),
    );
  });

  it('takes lengths beyond 2^32: zeros change a CRC as if they were there', () => {
    const mebibyte = new Uint8Array(1 << 20);
    const start = crc32(Uint8Array.of(1, 2, 3));
    const zeros = (power: number): number => {
      let crc = crc32(mebibyte);
      for (let bit = 20; bit < power; bit += 1) crc = combineCrc32(crc, crc, 2 ** bit);
      return crc;
    };
    const once = combineCrc32(start, zeros(33), 2 ** 33);
    const twice = combineCrc32(combineCrc32(start, zeros(32), 2 ** 32), zeros(32), 2 ** 32);
    expect(once).toBe(twice);
  });
});

describe('a gzip member made of pieces', () => {
  it('expands to its content wherever it is cut, at any level', () => {
    const cuts = fc.array(fc.nat(20_000), { maxLength: 5 });
    fc.assert(
      fc.property(CONTENT, cuts, fc.integer({ min: 0, max: 9 }), (content, at, level) => {
        const inside = at
          .map((cut) => (content.length === 0 ? 0 : cut % content.length))
          .filter((cut) => cut > 0);
        const packed = member(content, inside, level);
        expect(Buffer.compare(gunzipSync(packed), content)).toBe(0);
      }),
    );
  });

  it('is one member, without name or time, the same on every machine', async () => {
    const packed = member(new Uint8Array(100_000).fill(7), [30_000, 60_000], 4);
    expect([...packed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    // Readers that stop at the end of the first member must have read everything.
    const inflate = createInflateRaw();
    const parts: Buffer[] = [];
    inflate.end(packed.subarray(10));
    for await (const part of inflate) parts.push(part as Buffer);
    expect([inflate.bytesWritten, Buffer.concat(parts).length]).toEqual([packed.length - 18, 100_000]);
  });

  it('is read whole by a reader that knows single members only', async () => {
    const content = new Uint8Array(5000);
    new DataView(content.buffer).setInt32(0, 348, true);
    const packed = member(content, [1000, 2500], 4);
    const expanded = await decompressAsync(Uint8Array.from(packed).buffer);
    expect(Buffer.compare(new Uint8Array(expanded), content)).toBe(0);
  });
});
