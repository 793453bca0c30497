/**
 * A font of 5 x 7 pixels for the printable ASCII characters, drawn for this project.
 *
 * Each character is five columns from left to right, two hexadecimal digits each; bit 0 is the top row.
 */
const COLUMNS =
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0000070000 ' +
  '001c224100 0041221c00 14083e0814 08083e0808 0050300000 0808080808 0060600000 2010080402 ' +
  '3e5149453e 00427f4000 4261514946 2241494936 1814127f10 2745454539 3c4a494930 0171090503 ' +
  '3649494936 064949291e 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906 ' +
  '3e415d591e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a ' +
  '7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e ' +
  '7f09090906 3e4151215e 7f09192946 2649494932 01017f0101 3f4040403f 1f2040201f 3f4038403f ' +
  '6314081463 0708700807 6151494543 007f414100 0204081020 0041417f00 0402010204 4040404040 ' +
  '0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 0c5252523e ' +
  '7f08040478 00447d4000 2040443d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438 ' +
  '7c14141408 081414187c 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c ' +
  '4428102844 0c5050503c 4464544c44 0008364100 00007f0000 0041360800 0804081008';

const GLYPHS = COLUMNS.split(' ').map((hex) =>
  [0, 2, 4, 6, 8].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)),
);
const FIRST = 0x20;
const UNKNOWN = '?';

const GLYPH_WIDTH = 5;
/** From one character to the next, and the height of a character, in pixels of the font. */
export const ADVANCE = 6;
export const GLYPH_HEIGHT = 7;

/** Letters whose plain form is not their first part after decomposition. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  ø: 'o',
  Ø: 'O',
  œ: 'oe',
  Œ: 'OE',
  ł: 'l',
  Ł: 'L',
};

/** The text in characters that the font has: accents are dropped, other letters become `?`. */
export function toPrintable(text: string): string {
  return [...text.normalize('NFD').replace(/\p{M}/gu, '')]
    .map((letter) => PLAIN[letter] ?? letter)
    .join('')
    .replace(/\s/g, ' ')
    .replace(/[^\x20-\x7e]/gu, UNKNOWN);
}

/**
 * Calls `paint` for every pixel of a printable text.
 *
 * @param scale - whole number; 2 doubles every pixel of the font
 */
export function drawText(
  text: string,
  [left, top]: readonly [number, number],
  scale: number,
  paint: (x: number, y: number) => void,
): void {
  [...text].forEach((letter, index) => {
    const glyph = GLYPHS[letter.charCodeAt(0) - FIRST] ?? (GLYPHS[UNKNOWN.charCodeAt(0) - FIRST] as number[]);
    const from = left + index * ADVANCE * scale;
    for (let x = 0; x < GLYPH_WIDTH * scale; x++) {
      const bits = glyph[Math.floor(x / scale)] as number;
      for (let y = 0; y < GLYPH_HEIGHT * scale; y++) {
        if ((bits >> Math.floor(y / scale)) & 1) paint(from + x, top + y);
      }
    }
  });
}
