import { crc32, gunzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gunzipSync as gunzipElsewhere } from 'fflate';
import { deflatePiece, GZIP_HEADER, GzipTrailer } from '../../../src/engine/gzip-member.ts';
import { RunsCrc32 } from '../../../src/engine/runs/crc32-runs.ts';
import { RunsDeflater } from '../../../src/engine/runs/deflate-runs.ts';
import { huffmanCode } from '../../../src/engine/runs/huffman-code.ts';
import { LabelRuns } from '../../../src/imaging/mask/label-runs.ts';
import { SliceRuns } from '../../../src/imaging/mask/slice-runs.ts';

type Run = readonly [value: number, count: number];

/** A slice of these runs, next to each other. */
function slice(runs: readonly Run[]): LabelRuns {
  const voxels = runs.reduce((sum, [, count]) => sum + count, 0);
  let [labels, spare] = [new LabelRuns(), new LabelRuns()];
  labels.clear(voxels);
  let at = 0;
  for (const [value, count] of runs) {
    const region = new SliceRuns(voxels, 1);
    region.add(at, at + count);
    spare.paint(labels, region, value, () => {});
    [labels, spare] = [spare, labels];
    at += count;
  }
  return labels;
}

function bytesOf(runs: readonly Run[], bytesPerValue: 1 | 2): Uint8Array {
  const values = runs.flatMap(([value, count]) => new Array<number>(count).fill(value));
  return bytesPerValue === 1 ? Uint8Array.from(values) : new Uint8Array(Uint16Array.from(values).buffer);
}

/** One gzip member, a piece for each list of slices. */
function member(pieces: readonly (readonly (readonly Run[])[])[], bytesPerValue: 1 | 2): Uint8Array {
  const deflater = new RunsDeflater(bytesPerValue);
  const trailer = new GzipTrailer();
  const parts: Uint8Array[] = [GZIP_HEADER];
  pieces.forEach((slices, index) => {
    for (const runs of slices) deflater.add(slice(runs));
    const piece = deflater.take(index === pieces.length - 1);
    trailer.add(piece);
    parts.push(piece.bytes);
  });
  return Buffer.concat([...parts, trailer.bytes()]);
}

/** Around the lengths of a match, and those that some number of matches leaves a byte or two short of. */
const COUNT = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 250, max: 270 }),
  fc.integer({ min: 508, max: 530 }),
  fc.integer({ min: 1, max: 5000 }),
);
const runsOf = (value: fc.Arbitrary<number>) =>
  fc.array(fc.tuple(value, COUNT), { minLength: 1, maxLength: 12 });
const VALUES = { 1: fc.integer({ min: 0, max: 255 }), 2: fc.integer({ min: 0, max: 65_535 }) };

describe.each([1, 2] as const)('runs of labels of %d byte(s), packed', (bytesPerValue) => {
  const PIECES = fc.array(fc.array(runsOf(VALUES[bytesPerValue]), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  });

  it('expand to their bytes, whichever reader expands them', () => {
    fc.assert(
      fc.property(PIECES, (pieces) => {
        const packed = member(pieces, bytesPerValue);
        const content = bytesOf(pieces.flat(2), bytesPerValue);
        // gunzipSync compares the CRC-32 and the length as well.
        expect(Buffer.compare(gunzipSync(packed), content)).toBe(0);
        expect(Buffer.compare(gunzipElsewhere(packed), content)).toBe(0);
      }),
    );
  });

  it('do so at every length of a run up to three matches', () => {
    for (let count = 1; count <= 800; count++) {
      const runs: Run[] = [
        [3, count],
        [0, 1],
      ];
      expect(Buffer.compare(gunzipSync(member([[runs]], bytesPerValue)), bytesOf(runs, bytesPerValue))).toBe(
        0,
      );
    }
  });

  it('do so with as many values as there are', () => {
    const values = Array.from(
      { length: 256 * bytesPerValue ** 3 },
      (_, value): Run => [value, 1 + (value % 5)],
    );
    expect(
      Buffer.compare(gunzipSync(member([[values]], bytesPerValue)), bytesOf(values, bytesPerValue)),
    ).toBe(0);
  });

  it('go on with a value over the end of a slice, and begin anew with a piece', () => {
    const background: Run[] = [[0, 200_000]];
    const joined = member([[background, background]], bytesPerValue);
    const apart = member([[background], [background]], bytesPerValue);
    const content = bytesOf([...background, ...background], bytesPerValue);
    for (const packed of [joined, apart]) expect(Buffer.compare(gunzipSync(packed), content)).toBe(0);
    expect(joined.length).toBeLessThan(apart.length);
  });

  it('end every piece but the last on a byte, so that each can be expanded by itself', () => {
    const deflater = new RunsDeflater(bytesPerValue);
    for (const runs of [[[7, 1000]], [[7, 3]]] as Run[][]) {
      deflater.add(slice(runs));
      const { bytes, crc32: check, length } = deflater.take(false);
      const content = bytesOf(runs, bytesPerValue);
      const finished = Buffer.concat([bytes, deflatePiece(new Uint8Array(0), 1, true).bytes]);
      expect([Buffer.compare(inflateRawSync(finished), content), check, length]).toEqual([
        0,
        crc32(content),
        content.length,
      ]);
    }
  });
});

it('runs of organs take no more room than zlib makes of their bytes as runs', () => {
  const rows = Array.from({ length: 400 }, (_, row): Run[] => {
    const half = Math.round(90 * Math.sin((Math.PI * (row + 1)) / 401));
    return [
      [0, 150 - half],
      [1, 2 * half + 1],
      [0, 100 - half],
      [2, half + 20],
      [0, 261 - (row % 7)],
    ];
  });
  const packed = member([rows], 1);
  const { bytes } = deflatePiece(bytesOf(rows.flat(), 1), 'runs', true);
  expect(packed.length).toBeLessThan(bytes.length * 1.02);
});

describe('RunsCrc32', () => {
  it('is the CRC-32 of the bytes, for runs of any length', () => {
    for (const bytesPerValue of [1, 2] as const) {
      const sum = new RunsCrc32(bytesPerValue);
      fc.assert(
        fc.property(runsOf(VALUES[bytesPerValue]), (runs) => {
          for (const [value, count] of runs) sum.add(value, count);
          expect(sum.take()).toBe(crc32(bytesOf(runs, bytesPerValue)));
        }),
      );
      sum.add(5, 3_000_001);
      expect(sum.take()).toBe(crc32(bytesOf([[5, 3_000_001]], bytesPerValue)));
    }
  });
});

describe('huffmanCode', () => {
  const FREQUENCIES = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e6 })), {
    minLength: 2,
    maxLength: 286,
  });

  it('is complete: every string of bits begins with one of its codes', () => {
    fc.assert(
      fc.property(FREQUENCIES, (list) => {
        const used = list.filter((frequency) => frequency > 0).length;
        fc.pre(used > 1);
        const { lengths } = huffmanCode(Uint32Array.from(list), 15);
        const share = lengths.reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** -length), 0);
        expect([share, lengths.filter((length) => length > 0).length]).toEqual([1, used]);
        expect(list.every((frequency, symbol) => frequency > 0 === (lengths[symbol] as number) > 0)).toBe(
          true,
        );
      }),
    );
  });

  it('gives the more frequent symbol no longer a code', () => {
    fc.assert(
      fc.property(FREQUENCIES, (list) => {
        const { lengths } = huffmanCode(Uint32Array.from(list), 15);
        const used = [...list.keys()].filter((symbol) => (list[symbol] as number) > 0);
        used.sort((a, b) => (list[b] as number) - (list[a] as number));
        const falling = used.every((symbol, n) => {
          const next = used[n + 1];
          return (
            next === undefined ||
            list[symbol] === list[next] ||
            (lengths[symbol] as number) <= (lengths[next] as number)
          );
        });
        expect(falling).toBe(true);
      }),
    );
  });

  it('keeps to the longest code that is allowed, where the shortest code would not', () => {
    const fibonacci = [1, 1];
    while (fibonacci.length < 40) fibonacci.push((fibonacci.at(-1) as number) + (fibonacci.at(-2) as number));
    for (const limit of [7, 15]) {
      const { lengths } = huffmanCode(Uint32Array.from(fibonacci), limit);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(limit);
      expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
    }
  });

  it('gives a lone symbol one bit', () => {
    expect([...huffmanCode(Uint32Array.of(0, 9, 0), 15).lengths]).toEqual([0, 1, 0]);
  });
});
