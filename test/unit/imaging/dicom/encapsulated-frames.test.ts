import { describe, expect, it } from '@jest/globals';
import { ByteSource, DataSet } from '../../../../src/imaging/dicom/data-elements.ts';
import { openDicom } from '../../../../src/imaging/dicom/data-set.ts';
import { locateFrames } from '../../../../src/imaging/dicom/encapsulated-frames.ts';
import {
  type Element,
  EXPLICIT_BIG_ENDIAN,
  encapsulate,
  writeDicom,
} from '../../../helpers/dicom-elements.ts';

const JPEG = '1.2.840.10008.1.2.4.50';
const COUNT = { frameBytes: 4, bytesPerSample: 1 };

function jpegFragment(content: number): Uint8Array {
  return Uint8Array.of(0xff, 0xd8, 0xff, content);
}

function frames(
  fragments: readonly Uint8Array[],
  count: number,
  offsets: number[] = [],
  more: Element[] = [],
): number[][][] {
  const pixels: Element = { tag: '7fe00010', vr: 'OB', value: encapsulate(fragments, offsets) };
  const { dataSet, syntax } = openDicom(writeDicom([pixels, ...more], { transferSyntaxUid: JPEG }));
  return locateFrames(dataSet, syntax, { frames: count, ...COUNT }).map((parts) =>
    parts.map((part) => Array.from(part)),
  );
}

function offsets64(values: readonly number[]): Element {
  return { tag: '7fe00001', vr: 'OV', value: new Uint8Array(BigUint64Array.from(values.map(BigInt)).buffer) };
}

describe('locateFrames', () => {
  const [a, b, c, d] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5, 6), Uint8Array.of(7, 8)];
  const four = [a, b, c, d] as Uint8Array[];

  it('gives every fragment to a single frame', () => {
    expect(frames(four, 1)).toEqual([
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    ]);
  });

  it('groups fragments by the basic offset table', () => {
    expect(frames(four, 2, [0, 30])).toEqual([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [[7, 8]],
    ]);
  });

  it('prefers the extended offset table', () => {
    expect(frames(four, 2, [0, 30], [offsets64([0, 10])])).toEqual([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    ]);
  });

  it('takes one fragment per frame without a table, or with one that does not fit', () => {
    const single = [[[1, 2]], [[3, 4]], [[5, 6]], [[7, 8]]];
    expect(frames(four, 4)).toEqual(single);
    expect(frames(four, 4, [0, 10, 20, 31])).toEqual(single);
    expect(frames(four, 4, [0, 20, 10, 30])).toEqual(single);
    expect(frames(four, 4, [2, 10, 20, 30])).toEqual(single);
  });

  it('finds frames by the marker that a codestream begins with', () => {
    const fragments = [jpegFragment(1), a, jpegFragment(2), b, c] as Uint8Array[];
    expect(frames(fragments, 2).map((parts) => parts.length)).toEqual([2, 3]);
    const jpeg2000 = [Uint8Array.of(0xff, 0x4f, 0xff, 0x51), a, Uint8Array.of(0, 0, 0, 0x0c, 0x6a, 0x50)];
    expect(frames(jpeg2000 as Uint8Array[], 2).map((parts) => parts.length)).toEqual([2, 1]);
  });

  it('refuses fragments that cannot be assigned', () => {
    expect(() => frames(four, 3)).toThrow('4 fragments cannot be assigned to 3 frames');
  });

  it('refuses pixel data that are absent, empty or cut off', () => {
    const { syntax } = openDicom(
      writeDicom([{ tag: '7fe00010', vr: 'OB', value: encapsulate([]) }], { transferSyntaxUid: JPEG }),
    );
    const empty = new DataSet(new ByteSource(new Uint8Array()), 0, 0, {
      explicitVr: true,
      littleEndian: true,
    });
    expect(() => locateFrames(empty, syntax, { frames: 1, ...COUNT })).toThrow('no PixelData');
    expect(() => frames([], 1)).toThrow('holds no frame');
  });

  it('turns the bytes of 8-bit pixels in big endian words back, and leaves byte strings alone', () => {
    const values = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const read = (vr: 'OW' | 'OB', count: number, bytes = 3) => {
      const file = writeDicom([{ tag: '7fe00010', vr, value: values }], {
        transferSyntaxUid: EXPLICIT_BIG_ENDIAN,
      });
      const { dataSet, syntax } = openDicom(file);
      return locateFrames(dataSet, syntax, { frames: count, frameBytes: bytes, bytesPerSample: 1 }).map(
        ([part]) => Array.from(part ?? []),
      );
    };
    expect(read('OW', 2)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(read('OB', 2)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(read('OW', 1, 5)).toEqual([[1, 2, 3, 4, 5]]);
    expect(() => read('OB', 3)).toThrow('it holds 6 of 9 bytes of pixel data');
  });

  it('refuses a word of pixel data that is cut off', () => {
    const file = writeDicom([{ tag: '7fe00010', vr: 'OW', value: Uint8Array.of(1, 2, 3, 4) }], {
      transferSyntaxUid: EXPLICIT_BIG_ENDIAN,
    });
    const { dataSet, syntax } = openDicom(file.subarray(0, file.length - 1));
    expect(() => locateFrames(dataSet, syntax, { frames: 1, frameBytes: 3, bytesPerSample: 1 })).toThrow(
      'last word',
    );
  });

  it('refuses a flood of fragments', () => {
    const items = Buffer.alloc(8 * 1_000_010, Buffer.from('feff00e000000000', 'hex'));
    const file = writeDicom([{ tag: '7fe00010', vr: 'OB', value: items }], { transferSyntaxUid: JPEG });
    const { dataSet, syntax } = openDicom(file);
    expect(() => locateFrames(dataSet, syntax, { frames: 1, ...COUNT })).toThrow(
      'more than 1000000 fragments',
    );
  });
});
