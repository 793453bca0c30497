import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decode } from 'fast-png';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { type VolumeGeometry, voxelCount } from '../../../../src/imaging/geometry/volume-geometry.ts';
import { drawText, toPrintable } from '../../../../src/imaging/qa/bitmap-font.ts';
import { displayPlanes } from '../../../../src/imaging/qa/display-planes.ts';
import { greyWindow } from '../../../../src/imaging/qa/grey-window.ts';
import { PictureCanvas } from '../../../../src/imaging/qa/picture-canvas.ts';
import { layoutPicture, MOST_REGIONS } from '../../../../src/imaging/qa/picture-layout.ts';
import { regionExtents } from '../../../../src/imaging/qa/region-extent.ts';
import { type QaRegion, renderQaPicture } from '../../../../src/imaging/qa/render-qa-picture.ts';
import { centredGrid, GRIDS, voxelsWhere } from '../../../helpers/imaging-phantom.ts';

/** Side of a tile of a picture of few regions. */
const TILE = 256;
/** 128 mm wide, so that a tile of 256 pixels shows half a voxel per pixel once the region is wide enough. */
const GRID = centredGrid([128, 128, 64], [1, 1, 2], [1, 0, 0], [0, 1, 0]);
const BOX = voxelsWhere(GRID, (_, [i, j, k]) => i >= 30 && i < 98 && j >= 40 && j < 90 && k >= 20 && k < 45);
const AIR = new Int16Array(voxelCount(GRID)).fill(-1000);

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of a pixel. */
  readonly at: (x: number, y: number) => number[];
}

function open(png: Uint8Array): Picture {
  const { width, height, data, palette = [] } = decode(png);
  return { width, height, at: (x, y) => palette[data[y * width + x] as number] as number[] };
}

/** Whether a square of the picture has a pixel of this colour. */
function holds(
  { at }: Picture,
  [left, top]: readonly [number, number],
  side: number,
  colour: readonly number[],
): boolean {
  for (let y = top; y < top + side; y++) {
    for (let x = left; x < left + side; x++) {
      const seen = at(x, y);
      if (colour.every((value, channel) => seen[channel] === value)) return true;
    }
  }
  return false;
}

function render(labels: Uint8Array, regions: readonly QaRegion[], values = AIR, geometry = GRID): Uint8Array {
  return renderQaPicture({ image: { geometry, values, unit: 'HU' }, labels, regions });
}

function lettersOf(geometry: VolumeGeometry) {
  return Object.fromEntries(
    displayPlanes(geometry).map(({ name, horizontal, vertical }) => [
      name,
      [...horizontal.letters, ...vertical.letters].join(' '),
    ]),
  );
}

describe('renderQaPicture', () => {
  const colour = [250, 120, 10] as const;
  const png = render(BOX, [{ name: 'Box', value: 1, colour }]);
  const picture = open(png);
  const isOutline = (x: number, y: number) => String(picture.at(x, y)) === String(colour);

  it('outlines the region in all three planes, along the edges of its voxels', () => {
    // Tiles lie at 6, 268 and 530; a voxel is two pixels, and the box reaches i 30 to 97 and j 40 to 89.
    const top = 44;
    const middle = top + TILE / 2;
    const columns = (left: number, y: number) =>
      Array.from({ length: TILE }, (_, x) => x).filter((x) => isOutline(left + x, y));
    const rows = (x: number) =>
      Array.from({ length: TILE }, (_, y) => y).filter((y) => isOutline(x, top + y));
    expect(columns(6, middle)).toEqual([60, 195]);
    expect(rows(6 + TILE / 2)).toEqual([80, 179]);
    expect(columns(268, middle)).toEqual([60, 195]);
    // Slices of 2 mm, upwards: k 20 to 44 of 64.
    expect(rows(268 + TILE / 2)).toEqual([(64 - 45) * 4, (64 - 20) * 4 - 1]);
    // Here the box is 50 mm high and wide, so the tile shows 100 mm, the box in its middle.
    expect(rows(530 + TILE / 2)).toEqual([64, 191]);
  });

  it('is one size and equal for equal input', () => {
    expect([picture.width, picture.height]).toEqual([792, 22 + 22 + TILE + 6 + 6]);
    expect(render(BOX, [{ name: 'Box', value: 1, colour }])).toEqual(png);
  });

  it('shows the image windowed and upright', () => {
    const values = AIR.map((_, at) => (at % 128 < 64 ? -160 : 240));
    const shown = open(render(BOX, [{ name: 'Box', value: 1 }], values));
    expect([shown.at(6 + 20, 60), shown.at(6 + 230, 60)]).toEqual([
      [0, 0, 0],
      [255, 255, 255],
    ]);
  });

  it('leaves what lies beyond the volume in the background colour', () => {
    const flat = centredGrid([128, 128, 2], [1, 1, 2], [1, 0, 0], [0, 1, 0]);
    const labels = new Uint8Array(voxelCount(flat)).fill(1);
    const shown = open(render(labels, [{ name: 'All', value: 1 }], AIR.subarray(0, labels.length), flat));
    expect(shown.at(268 + 40, 60)).toEqual(shown.at(2, 2));
    expect(shown.at(268 + 40, 44 + TILE / 2)).toEqual([0, 0, 0]);
  });

  it('takes a colour of its palette for regions without one, or with one too dark to be seen', () => {
    const swatch = (region: Partial<QaRegion>) =>
      open(render(BOX, [{ name: 'Box', value: 1, ...region }])).at(8, 30);
    expect(swatch({})).toEqual([230, 159, 0]);
    expect(swatch({ colour: [0, 0, 200] })).toEqual([230, 159, 0]);
    expect(swatch({ colour: [0, 200, 0] })).toEqual([0, 200, 0]);
  });

  const named = (count: number, name: string) =>
    Array.from({ length: count }, (_, n): QaRegion => ({ name: `${name} ${n}`, value: n + 1 }));

  it('gives a region without voxels a line, and names those beyond the last one that is shown', () => {
    const few = open(render(BOX, named(24, 'R')));
    expect([few.width, few.height]).toEqual([792, 22 + TILE + 6 + 24 * 22 + 6]);
    const full = open(render(BOX, named(MOST_REGIONS, 'R')));
    expect(open(render(BOX, named(MOST_REGIONS + 2, 'R'))).height).toBe(full.height + 18);
    expect(open(render(BOX, named(MOST_REGIONS + 999, 'Long name of a region'))).height).toBe(
      full.height + 6 * 18,
    );
    const long = 'x'.repeat(300);
    expect(open(render(BOX, [{ name: long, value: 1 }])).width).toBe(792);
  });

  it.each([25, 100])('draws three planes through each of %s regions', (count) => {
    const grid = centredGrid([64, 64, 64], [4, 4, 4], [1, 0, 0], [0, 1, 0]);
    // Cubes of four voxels, in different places.
    const labels = Uint16Array.from({ length: 64 ** 3 }, (_, at) => {
      const cell = (n: number) => Math.floor((Math.floor(at / 64 ** n) % 64) / 8);
      const value = 1 + cell(0) + 8 * cell(1) + 64 * cell(2);
      return value <= count && [0, 1, 2].every((n) => Math.floor(at / 64 ** n) % 8 < 4) ? value : 0;
    });
    const image = { geometry: grid, values: new Int16Array(64 ** 3).fill(-1000), unit: 'HU' };
    const regions = named(count, 'R').map((region, n) => ({
      ...region,
      colour: [255, 255 - (n % 128), 100 + (n % 128)] as const,
    }));
    const png = renderQaPicture({ image, labels, regions });
    const shown = open(png);
    const { places, caption, tile } = layoutPicture(regions.map(() => true));
    regions.forEach(({ colour: own }, n) => {
      const [left, top] = places[n] as readonly [number, number];
      for (const at of [0, 1, 2]) {
        const corner = [left + 6 + at * (tile + 6), top + caption] as const;
        const seen = holds(shown, corner, tile, own);
        expect([n, at, seen]).toEqual([n, at, true]);
      }
    });
    expect(shown.width * shown.height).toBeLessThan(22e6);
  });

  it('never lays one region over another, nor beside the picture', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: MOST_REGIONS }), (drawn) => {
        const { places, width, bottom, tile, caption } = layoutPicture(drawn);
        expect(width * bottom).toBeLessThan(22e6);
        drawn.forEach((has, n) => {
          const [left, top] = places[n] as readonly [number, number];
          const end = top + caption + (has ? tile + 6 : 0);
          expect(left + 3 * (tile + 6) + 6).toBeLessThanOrEqual(width);
          expect(end).toBeLessThanOrEqual(bottom);
          const [nextLeft, nextTop] = places[n + 1] ?? [left, end];
          expect(nextLeft === left ? nextTop : end).toBe(end);
          expect(nextLeft - left === 0 || nextLeft - left === 3 * (tile + 6)).toBe(true);
        });
      }),
    );
  });

  it('refuses labels of another grid', () => {
    expect(() => render(BOX.subarray(1), [])).toThrow(PipelineError);
  });
});

describe('displayPlanes', () => {
  it('puts R and A to the left, A and H on top, whatever the orientation', () => {
    const expected = { axial: 'R L A P', coronal: 'R L H F', sagittal: 'A P H F' };
    for (const { name, geometry } of GRIDS)
      if (name !== 'oblique') expect(lettersOf(geometry)).toEqual(expected);
  });

  it('gives directions between two axes two letters', () => {
    const half = Math.SQRT1_2;
    const turned = centredGrid([8, 8, 8], [1, 1, 1], [0.8, 0.6, 0], [-0.6, 0.8, 0]);
    expect(lettersOf(turned)).toEqual({ axial: 'RA LP AL PR', coronal: 'RA LP H F', sagittal: 'AL PR H F' });
    expect(Object.keys(lettersOf(centredGrid([8, 8, 8], [1, 1, 1], [half, half, 0], [0, 0, 1])))).toEqual([
      'axial',
      'coronal',
      'sagittal',
    ]);
  });

  it('takes each voxel axis once', () => {
    for (const { geometry } of GRIDS) {
      for (const { normal, horizontal, vertical } of displayPlanes(geometry))
        expect([normal, horizontal.axis, vertical.axis].sort()).toEqual([0, 1, 2]);
    }
  });
});

describe('greyWindow', () => {
  it('is fixed for HU and by percentile for the rest', () => {
    expect(greyWindow(Int16Array.of(1, 2), 'HU')).toEqual({ low: -160, high: 240 });
    const values = Float32Array.from({ length: 101 }, (_, n) => n);
    expect(greyWindow(values, 'US')).toEqual({ low: 1, high: 99 });
    expect(greyWindow(new Float32Array(5).fill(3), 'US')).toEqual({ low: 3, high: 4 });
    expect(greyWindow(Float32Array.of(Number.NaN), 'US')).toEqual({ low: 0, high: 1 });
    expect(greyWindow(new Uint8Array(500_000).fill(9), 'US')).toEqual({ low: 9, high: 10 });
  });
});

describe('regionExtents', () => {
  it('finds box, voxels and the fullest slice along each axis', () => {
    const labels = [0, 2, 2, 0, 2, 0, 0, 0, 5, 0, 0, 2];
    const extents = regionExtents(labels, [3, 2, 2], [2, 7]);
    expect([...extents.keys()]).toEqual([2]);
    expect(extents.get(2)).toEqual({ voxels: 4, low: [1, 0, 0], high: [2, 1, 1], fullest: [1, 0, 0] });
  });
});

describe('toPrintable', () => {
  it('keeps ASCII, drops accents and marks the rest', () => {
    expect(toPrintable('Größe é Łuk\t肝')).toBe('Grosse e Luk ?');
    expect(toPrintable('A-z 0_9~')).toBe('A-z 0_9~');
  });
});

describe('drawText', () => {
  const pixels = (text: string, scale = 1) => {
    const found: string[] = [];
    drawText(text, [10, 20], scale, (x, y) => found.push(`${x},${y}`));
    return found;
  };

  it('draws, scales and marks what it does not have', () => {
    expect(pixels('-')).toEqual(['10,23', '11,23', '12,23', '13,23', '14,23']);
    expect(pixels('-', 2)).toHaveLength(20);
    expect(pixels(' -')[0]).toBe('16,23');
    expect(pixels('ü')).toEqual(pixels('?'));
  });
});

describe('PictureCanvas', () => {
  it('keeps inside its edges and its greys', () => {
    const canvas = new PictureCanvas(4, 2, [[1, 2, 3]]);
    canvas.fill(-2, -2, 20, 20, canvas.colourIndex(0));
    canvas.paint(0, 0, canvas.greyIndex(-5));
    canvas.paint(1, 0, canvas.greyIndex(7));
    const { at } = open(canvas.encode());
    expect([at(0, 0), at(1, 0), at(3, 1)]).toEqual([
      [0, 0, 0],
      [255, 255, 255],
      [1, 2, 3],
    ]);
  });
});
