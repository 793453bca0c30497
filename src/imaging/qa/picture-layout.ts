import { ADVANCE } from './bitmap-font.ts';

/** Regions beyond these are only named below the others. */
export const MOST_REGIONS = 256;
/** Regions one below the other: 7,000 pixels of height. */
const ROWS = 24;
/** Up to this many regions tiles are large; a picture has at most 22 million pixels either way. */
const MOST_LARGE = 4 * ROWS;
const LARGE = { tile: 256, textScale: 2, caption: 22, rows: ROWS } as const;
const SMALL = { tile: 128, textScale: 1, caption: 14, rows: 2 * ROWS } as const;

/** Distance of everything from its neighbours, pixels. */
export const GAP = 6;
export const HEADER = 22;

/** Where the regions of a picture go: columns of rows of three tiles each. Everything in pixels. */
export interface PictureLayout {
  /** Side of a tile. */
  readonly tile: number;
  readonly textScale: number;
  /** Height of the text above a region's tiles. */
  readonly caption: number;
  readonly width: number;
  /** Below the last row of the longest column. */
  readonly bottom: number;
  /** Of each region's row, in their order. */
  readonly places: readonly (readonly [left: number, top: number])[];
  /** Letters of a caption. */
  readonly characters: number;
}

/** @param drawn - of each region, whether it has tiles */
export function layoutPicture(drawn: readonly boolean[]): PictureLayout {
  const size = drawn.length > MOST_LARGE ? SMALL : LARGE;
  const { tile, textScale, caption, rows } = size;
  const columnWidth = 3 * (tile + GAP);
  const places: [number, number][] = [];
  let [top, bottom] = [HEADER, HEADER];
  drawn.forEach((hasTiles, index) => {
    if (index % rows === 0) top = HEADER;
    places.push([Math.floor(index / rows) * columnWidth, top]);
    top += caption + (hasTiles ? tile + GAP : 0);
    bottom = Math.max(bottom, top);
  });
  const columns = Math.max(1, Math.ceil(drawn.length / rows));
  return {
    ...{ tile, textScale, caption, places, bottom },
    width: columns * columnWidth + GAP,
    characters: Math.floor((columnWidth - GAP) / (textScale * ADVANCE)),
  };
}
