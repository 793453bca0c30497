import { encode } from 'fast-png';
import { ADVANCE, drawText, GLYPH_HEIGHT } from './bitmap-font.ts';

export type Colour = readonly [red: number, green: number, blue: number];

/** Places of the palette: four fixed colours, the background first; then the regions', then greys. */
const FIXED: readonly Colour[] = [
  [14, 16, 20],
  [255, 255, 255],
  [150, 156, 166],
  [0, 0, 0],
];
export const TEXT = 1;
export const DIM_TEXT = 2;
export const BLACK = 3;
const PALETTE_SIZE = 256;

/** A picture of at most 256 colours. */
export class PictureCanvas {
  readonly width: number;
  readonly height: number;
  readonly #pixels: Uint8Array;
  readonly #palette: Colour[];
  readonly #firstGrey: number;

  /** @param colours - at most 200; the n-th is drawn with {@link colourIndex} of n */
  constructor(width: number, height: number, colours: readonly Colour[]) {
    this.width = width;
    this.height = height;
    this.#pixels = new Uint8Array(width * height);
    this.#firstGrey = FIXED.length + colours.length;
    const greys = PALETTE_SIZE - this.#firstGrey;
    this.#palette = [
      ...FIXED,
      ...colours,
      ...Array.from({ length: greys }, (_, n): Colour => {
        const grey = Math.round((255 * n) / (greys - 1));
        return [grey, grey, grey];
      }),
    ];
  }

  colourIndex(n: number): number {
    return FIXED.length + n;
  }

  /** @param brightness - 0 (black) to 1 (white) */
  greyIndex(brightness: number): number {
    const greys = PALETTE_SIZE - this.#firstGrey;
    return this.#firstGrey + Math.min(greys - 1, Math.max(0, Math.round(brightness * (greys - 1))));
  }

  paint(x: number, y: number, index: number): void {
    if (x >= 0 && x < this.width && y >= 0 && y < this.height) this.#pixels[y * this.width + x] = index;
  }

  fill(left: number, top: number, width: number, height: number, index: number): void {
    for (let y = top; y < top + height; y++)
      for (let x = left; x < left + width; x++) this.paint(x, y, index);
  }

  /** Printable text; `outlined` puts a black rim round it, so that it can be read on any image. */
  text(text: string, at: readonly [number, number], scale: number, index: number, outlined = false): void {
    if (outlined) {
      drawText(text, at, scale, (x, y) => {
        for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) this.paint(x + dx, y + dy, BLACK);
      });
    }
    drawText(text, at, scale, (x, y) => this.paint(x, y, index));
  }

  /** The same picture gives the same bytes. */
  encode(): Uint8Array {
    const { width, height } = this;
    const palette = this.#palette.map((colour) => [...colour]);
    return encode(
      { width, height, data: this.#pixels, depth: 8, channels: 1, palette },
      { zlib: { level: 6 } },
    );
  }
}

export function textWidth(text: string, scale: number): number {
  return text.length * ADVANCE * scale;
}

export function textHeight(scale: number): number {
  return GLYPH_HEIGHT * scale;
}
