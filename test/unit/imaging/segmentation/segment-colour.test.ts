import { describe, expect, test } from '@jest/globals';
import { memoryRanges } from '../../../../src/imaging/segmentation/byte-ranges.ts';
import { parseSeg } from '../../../../src/imaging/segmentation/parse-seg.ts';
import type { Element } from '../../../helpers/dicom-elements.ts';
import { segFile, segment } from './seg-file.ts';

/** CIELab in the units of RecommendedDisplayCIELabValue. */
function cielab(l: number, a: number, b: number): Element {
  const value = [(l / 100) * 65535, ((a + 128) / 255) * 65535, ((b + 128) / 255) * 65535].map(Math.round);
  return { tag: '0062000d', vr: 'US', value };
}

function colourOf(...more: Element[]) {
  const frames = [{ pixels: [1], position: [0, 0, 0] as const }];
  const segments = [segment(1, 'x', ...more)];
  return parseSeg(memoryRanges(segFile({ columns: 1, rows: 1, frames, segments }))).regions[0]?.colour;
}

/** A label map of value 5 whose palette is what the elements say. */
function paletteColour(elements: readonly Element[]) {
  const palette: Element = { tag: '00280004', vr: 'CS', value: 'PALETTE COLOR' };
  const frames = [{ pixels: [5], position: [0, 0, 0] as const }];
  const changes = Object.fromEntries([palette, ...elements].map((element) => [element.tag, element]));
  const spec = { columns: 1, rows: 1, type: 'LABELMAP', frames, segments: [segment(5, 'x')], changes };
  return parseSeg(memoryRanges(segFile(spec))).regions[0]?.colour;
}

function table(descriptor: readonly number[], data: Uint8Array): Element[] {
  return [1, 2, 3].flatMap((channel): Element[] => [
    { tag: `0028110${channel}`, vr: 'US', value: descriptor },
    { tag: `0028120${channel}`, vr: 'OW', value: data },
  ]);
}

describe('display colours', () => {
  // Red, green, blue and grey of sRGB in CIELab under D65, by the definition of both.
  test.each([
    [53.24, 80.09, 67.2, [255, 0, 0]],
    [87.73, -86.18, 83.18, [0, 255, 0]],
    [32.3, 79.19, -107.86, [0, 0, 255]],
    [100, 0, 0, [255, 255, 255]],
    [53.59, 0, 0, [128, 128, 128]],
    [1.5, 0, 0, [5, 5, 5]],
    [0, 0, 0, [0, 0, 0]],
  ])('L %s a %s b %s', (l, a, b, expected) => {
    const colour = colourOf(cielab(l, a, b)) ?? [];
    colour.forEach((value, channel) => {
      expect(Math.abs(value - (expected[channel] ?? Number.NaN))).toBeLessThanOrEqual(1);
    });
    expect(colour).toHaveLength(3);
  });

  test('need all three values', () => {
    expect(colourOf()).toBeUndefined();
    expect(colourOf({ tag: '0062000d', vr: 'US', value: [1, 2] })).toBeUndefined();
  });

  test('of a palette begin at its first value and end with its last', () => {
    expect(paletteColour(table([4, 3, 8], Uint8Array.of(7, 8, 9, 10)))).toEqual([9, 9, 9]);
    expect(paletteColour(table([2, 1, 8], Uint8Array.of(7, 8)))).toEqual([8, 8, 8]);
    expect(paletteColour(table([2, 9, 8], Uint8Array.of(7, 8)))).toEqual([7, 7, 7]);
    const full = new Uint8Array(131_072);
    full[11] = 99;
    expect(paletteColour(table([0, 0, 16], full))).toEqual([99, 99, 99]);
  });

  test('of a palette that is missing or too short are none', () => {
    expect(paletteColour([])).toBeUndefined();
    expect(paletteColour(table([8, 0, 8], Uint8Array.of(1, 2)))).toBeUndefined();
    expect(paletteColour(table([4, 0, 16], Uint8Array.of(1, 2)))).toBeUndefined();
  });
});
