import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../../src/contracts/errors.ts';
import type { PixelLayout } from '../../../../../src/imaging/dicom/slice.ts';
import { decodeFrame } from '../../../../../src/imaging/dicom/stored-pixels.ts';
import { type DctJpeg, type LosslessJpeg, segment, writeFlatJpeg, writeLosslessJpeg } from './write-jpeg.ts';

const LOSSLESS = '1.2.840.10008.1.2.4.57';
const EXTENDED = '1.2.840.10008.1.2.4.51';

function layoutOf({ rows, columns, precision }: LosslessJpeg | DctJpeg, signed = false): PixelLayout {
  const bitsAllocated = precision > 8 ? 16 : 8;
  return { rows, columns, bitsAllocated, bitsStored: precision, highBit: precision - 1, signed };
}

function decode(bytes: Uint8Array, layout: PixelLayout, transferSyntaxUid = LOSSLESS): number[] {
  return Array.from(decodeFrame({ transferSyntaxUid, layout, parts: [bytes] }));
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

function randomPixels({ rows, columns, precision }: LosslessJpeg): number[] {
  return fc.sample(fc.nat(2 ** precision - 1), { numRuns: rows * columns, seed: 7 });
}

describe('JPEG lossless', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('decodes predictor %i exactly', (predictor) => {
    const image = { rows: 9, columns: 7, precision: 12, predictor };
    const pixels = randomPixels(image);
    expect(decode(writeLosslessJpeg(pixels, image), layoutOf(image))).toEqual(pixels);
  });

  it.each([2, 8, 10, 16])('decodes %i bits, extreme differences included', (precision) => {
    const image = { rows: 4, columns: 5, precision };
    const pixels = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 0 : 2 ** precision - 1));
    expect(decode(writeLosslessJpeg(pixels, image), layoutOf(image))).toEqual(pixels);
  });

  it('decodes a difference of 32768, which brings no bits', () => {
    const image = { rows: 1, columns: 3, precision: 16 };
    const pixels = [0, 32768, 0];
    expect(decode(writeLosslessJpeg(pixels, image), layoutOf(image))).toEqual(pixels);
  });

  it('extends the sign from BitsStored', () => {
    const image = { rows: 2, columns: 2, precision: 12 };
    const stored = [-2048, -1, 0, 2047];
    const patterns = stored.map((value) => value & 0xfff);
    expect(decode(writeLosslessJpeg(patterns, image), layoutOf(image, true))).toEqual(stored);
  });

  it('puts the point transform back', () => {
    const image = { rows: 3, columns: 4, precision: 10, pointTransform: 2 };
    const pixels = randomPixels(image).map((value) => value & ~3);
    expect(decode(writeLosslessJpeg(pixels, image), layoutOf(image))).toEqual(pixels);
  });

  it('starts predictions afresh at restart markers', () => {
    const image = { rows: 20, columns: 6, precision: 12, predictor: 4, restartRows: 2 };
    const pixels = randomPixels(image);
    expect(decode(writeLosslessJpeg(pixels, image), layoutOf(image))).toEqual(pixels);
  });

  it('decodes codes longer than one lookup', () => {
    const image = { rows: 5, columns: 5, precision: 14, predictor: 7 };
    const pixels = randomPixels(image);
    expect(decode(writeLosslessJpeg(pixels, image, true), layoutOf(image))).toEqual(pixels);
  });

  it('widens 8-bit samples into 16-bit and 32-bit cells', () => {
    const image = { rows: 2, columns: 2, precision: 8 };
    const bytes = writeLosslessJpeg([1, 2, 3, 255], image);
    for (const bitsAllocated of [16, 32]) {
      expect(decode(bytes, { ...layoutOf(image), bitsAllocated, bitsStored: 16, highBit: 15 })).toEqual([
        1, 2, 3, 255,
      ]);
    }
  });

  it('is the inverse of encoding for any image', () => {
    const images = fc.record({
      rows: fc.integer({ min: 1, max: 6 }),
      columns: fc.integer({ min: 1, max: 6 }),
      precision: fc.integer({ min: 2, max: 16 }),
      predictor: fc.integer({ min: 1, max: 7 }),
    });
    const cases = images.chain((image) =>
      fc.record({
        image: fc.constant(image),
        pixels: fc.array(fc.nat(2 ** image.precision - 1), {
          minLength: image.rows * image.columns,
          maxLength: image.rows * image.columns,
        }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ image, pixels }) => {
        expect(decode(writeLosslessJpeg(pixels, image), layoutOf(image))).toEqual(pixels);
      }),
    );
  });

  it.each([
    { name: 'predictor 0', find: [0xda, 0, 8, 1, 1, 0, 1], put: [0xda, 0, 8, 1, 1, 0, 0] },
    { name: 'a Huffman table that is not there', find: [0xda, 0, 8, 1, 1, 0], put: [0xda, 0, 8, 1, 1, 0x20] },
    { name: 'two components in a scan', find: [0xda, 0, 8, 1], put: [0xda, 0, 8, 2] },
    { name: 'two components in the frame', find: [0, 4, 0, 4, 1], put: [0, 4, 0, 4, 2] },
    { name: 'an arithmetic process', find: [0xff, 0xc3], put: [0xff, 0xcb] },
    { name: 'a table with too many codes', find: [0, 0, 0, 0, 0, 17], put: [0, 9, 0, 0, 0, 8] },
    { name: 'a table that is cut off', find: [0xc4, 0, 36], put: [0xc4, 0, 20] },
  ])('refuses $name', ({ find, put }) => {
    const image = { rows: 4, columns: 4, precision: 8 };
    const bytes = Buffer.from(writeLosslessJpeg(randomPixels(image), image));
    const at = bytes.indexOf(Buffer.from(find));
    expect(at).toBeGreaterThan(0);
    bytes.set(put, at);
    expect(codeOf(() => decode(bytes, layoutOf(image)))).toBe('CorruptPixelData');
  });

  it('refuses a restart interval that is not a whole number of rows, and a point transform as wide as the samples', () => {
    const image = { rows: 4, columns: 4, precision: 8, restartRows: 1 };
    const bytes = writeLosslessJpeg(randomPixels(image), image);
    const interval = Buffer.from(bytes);
    interval.set([0, 3], interval.indexOf(Buffer.from([0xff, 0xdd])) + 4);
    expect(() => decode(interval, layoutOf(image))).toThrow('whole number of rows');
    const shifted = Buffer.from(bytes);
    shifted.set([8], shifted.indexOf(Buffer.from([0xff, 0xda])) + 9);
    expect(() => decode(shifted, layoutOf(image))).toThrow('point transform');
  });

  it('refuses a restart marker that is missing', () => {
    const image = { rows: 4, columns: 4, precision: 8, restartRows: 1 };
    const bytes = Buffer.from(writeLosslessJpeg(randomPixels(image), image));
    bytes.set([0], bytes.indexOf(Buffer.from([0xff, 0xd1])));
    expect(codeOf(() => decode(bytes, layoutOf(image)))).toBe('CorruptPixelData');
  });
});

describe('JPEG with a discrete cosine transform', () => {
  it.each([8, 12])('decodes flat blocks of %i bits to their grey values', (precision) => {
    const image = { rows: 10, columns: 18, precision, blocks: [0, 5, -5, 100, -100, 20] };
    const centre = 2 ** (precision - 1);
    const expected = Array.from({ length: 180 }, (_, n) => {
      const block = Math.floor(n / 18 / 8) * 3 + Math.floor((n % 18) / 8);
      return centre + (image.blocks[block] as number);
    });
    expect(decode(writeFlatJpeg(image), layoutOf(image), EXTENDED)).toEqual(expected);
  });

  it('keeps samples within their bits', () => {
    const image = { rows: 8, columns: 16, precision: 8, blocks: [1000, -1000] };
    const values = decode(writeFlatJpeg(image), layoutOf(image), EXTENDED);
    expect([values[0], values[8]]).toEqual([255, 0]);
  });

  it('starts predictions afresh at restart markers', () => {
    const image = {
      rows: 8,
      columns: 80,
      precision: 12,
      restart: 1,
      blocks: Array.from({ length: 10 }, (_, n) => n),
    };
    const values = decode(writeFlatJpeg(image), layoutOf(image), EXTENDED);
    expect(values.filter((_, n) => n % 8 === 0).slice(0, 10)).toEqual(image.blocks.map((n) => 2048 + n));
  });

  it.each([
    { name: '10 bits', image: { precision: 10 }, why: 'allowed are 8 and 12' },
    { name: 'a hierarchical process', image: { marker: 0xc5 }, why: 'FFC5' },
    { name: 'lossless arithmetic', image: { marker: 0xcb }, why: 'FFCB' },
  ])('refuses $name', ({ image, why }) => {
    const whole = { rows: 8, columns: 8, precision: 8, blocks: [1], ...image };
    expect(() => decode(writeFlatJpeg(whole), layoutOf(whole), EXTENDED)).toThrow(why);
  });

  it('refuses a frame without quantisation table, without scan, with two frame headers, or with endless scans', () => {
    const image = { rows: 8, columns: 8, precision: 8, blocks: [1] };
    const bytes = writeFlatJpeg(image);
    const layout = layoutOf(image);
    const sof = [...segment(0xc1, [8, 0, 8, 0, 8, 1, 1, 0x11, 0])];
    const soi = [0xff, 0xd8];
    const cases = [
      { bytes: [...soi, ...sof], why: 'no image' },
      { bytes: [...soi, ...sof, ...sof], why: 'two images' },
      { bytes: [...soi, ...segment(0xda, [1, 1, 0, 0, 63, 0])], why: 'before the frame header' },
      {
        bytes: [...soi, ...sof, ...segment(0xda, [1, 1, 0, 0, 63, 0])],
        why: 'Huffman table that is not there',
      },
      { bytes: [...bytes.subarray(0, 2), ...bytes.subarray(71)], why: 'quantisation table is not there' },
      { bytes: [...soi, ...segment(0xdb, [0, 1, 2])], why: 'quantisation table is cut off' },
      { bytes: [...soi, ...segment(0xdb, [0x10, 1, 2])], why: 'quantisation table is cut off' },
      { bytes: [...soi, 0xff, 0xc4, 0, 90], why: 'segment is cut off' },
      { bytes: [], why: 'no image' },
    ];
    for (const { bytes: damaged, why } of cases) {
      expect(() => decode(Uint8Array.from(damaged), layout, EXTENDED)).toThrow(why);
    }
  });

  it('refuses an impossible band and progressive scans that mix DC and AC', () => {
    const image = { rows: 8, columns: 8, precision: 8, blocks: [1], marker: 0xc2 };
    const bytes = Buffer.from(writeFlatJpeg(image));
    expect(() => decode(bytes, layoutOf(image), EXTENDED)).toThrow('mixes DC and AC');
    bytes.set([5, 3], bytes.indexOf(Buffer.from([0xff, 0xda])) + 7);
    expect(() => decode(bytes, layoutOf(image), EXTENDED)).toThrow('impossible band');
  });

  it('gives up after a hundred scans', () => {
    const image = { rows: 8, columns: 8, precision: 8, blocks: [1], marker: 0xc2 };
    const bytes = writeFlatJpeg(image);
    const scan = [...segment(0xda, [1, 1, 0, 0, 0, 0]), 0, 0, 0];
    const head = bytes.subarray(0, Buffer.from(bytes).indexOf(Buffer.from([0xff, 0xda])));
    const endless = Uint8Array.from([...head, ...Array.from({ length: 101 }, () => scan).flat(), 0xff, 0xd9]);
    expect(() => decode(endless, layoutOf(image), EXTENDED)).toThrow('more than 100 scans');
  });

  it('reports every cut and most damage with a code, never a crash', () => {
    const image = { rows: 16, columns: 16, precision: 12, blocks: [1, -900, 900, 4] };
    const layout = layoutOf(image);
    const bytes = writeFlatJpeg(image);
    for (let length = 0; length < bytes.length - 12; length++) {
      expect(codeOf(() => decode(bytes.subarray(0, length), layout, EXTENDED))).toMatch(
        /^(CorruptPixelData|no error)$/,
      );
    }
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1 }), (hits) => {
        const damaged = bytes.slice();
        for (const [at, value] of hits) damaged[at] = value;
        expect(codeOf(() => decode(damaged, layout, EXTENDED))).toMatch(
          /^(CorruptPixelData|DecompressionBomb|no error)$/,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a few bytes that claim a huge image, and one that is larger than the file says', () => {
    const image = { rows: 8, columns: 8, precision: 8, blocks: [1] };
    const bytes = Buffer.from(writeFlatJpeg(image));
    bytes.set([0xff, 0xff, 0xff, 0xff], bytes.indexOf(Buffer.from([0xff, 0xc1])) + 5);
    expect(codeOf(() => decode(bytes, layoutOf(image), EXTENDED))).toBe('CorruptPixelData');
    const claimed = { ...layoutOf(image), rows: 65535, columns: 65535 };
    expect(codeOf(() => decode(bytes, claimed, EXTENDED))).toBe('DecompressionBomb');
  });
});
