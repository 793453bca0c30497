import { type Attribute, type DataSet, readUint16s } from '../dicom/data-set.ts';

/** Red, green and blue of sRGB, 0 to 255. */
export type RegionColour = readonly [red: number, green: number, blue: number];

const CIELAB: Attribute = { name: 'RecommendedDisplayCIELabValue', tag: 'x0062000d' };
/** Descriptor and data of the red, green and blue palette (0028,1101) to (0028,1203). */
const PALETTES: readonly (readonly [Attribute, Attribute])[] = [
  [
    { name: 'RedPaletteColorLookupTableDescriptor', tag: 'x00281101' },
    { name: 'RedPaletteColorLookupTableData', tag: 'x00281201' },
  ],
  [
    { name: 'GreenPaletteColorLookupTableDescriptor', tag: 'x00281102' },
    { name: 'GreenPaletteColorLookupTableData', tag: 'x00281202' },
  ],
  [
    { name: 'BluePaletteColorLookupTableDescriptor', tag: 'x00281103' },
    { name: 'BluePaletteColorLookupTableData', tag: 'x00281203' },
  ],
];
/** White of the CIELab values that viewers write: D65, as in sRGB itself. */
const WHITE = [0.950456, 1, 1.088754] as const;

/** RecommendedDisplayCIELabValue (0062,000D) of a segment as sRGB. */
export function displayColour(segment: DataSet): RegionColour | undefined {
  const [l, a, b] = readUint16s(segment, CIELAB);
  if (l === undefined || a === undefined || b === undefined) return undefined;
  return cielabToSrgb((l / 65535) * 100, (a / 65535) * 255 - 128, (b / 65535) * 255 - 128);
}

function cielabToSrgb(l: number, a: number, b: number): RegionColour {
  const fy = (l + 16) / 116;
  const x = WHITE[0] * fromLab(fy + a / 500);
  const y = WHITE[1] * fromLab(fy);
  const z = WHITE[2] * fromLab(fy - b / 200);
  return [
    encode(3.240454 * x - 1.537138 * y - 0.498531 * z),
    encode(-0.969266 * x + 1.876011 * y + 0.041556 * z),
    encode(0.055643 * x - 0.204026 * y + 1.057225 * z),
  ];
}

function fromLab(f: number): number {
  return f > 6 / 29 ? f ** 3 : 3 * (6 / 29) ** 2 * (f - 4 / 29);
}

function encode(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}

/** Colour of a pixel value by the palette of a PALETTE COLOR label map (PS3.3 C.7.6.3.1.5 and 6). */
export type Palette = (value: number) => RegionColour | undefined;

export function readPalette(dataSet: DataSet): Palette {
  const tables = PALETTES.map(([descriptor, data]) => readTable(dataSet, descriptor, data));
  return (value) => {
    const [red, green, blue] = tables.map((table) => table?.(value));
    return red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue];
  };
}

function readTable(dataSet: DataSet, descriptor: Attribute, data: Attribute) {
  const [declared, first = 0, bits = 16] = readUint16s(dataSet, descriptor);
  if (declared === undefined) return undefined;
  const count = declared === 0 ? 65536 : declared;
  // Entries of 8 bits are packed in pairs into words, so they turn with the byte order as words do.
  const words = readUint16s(dataSet, data);
  const wide = bits > 8;
  if (words.length < (wide ? count : count / 2)) return undefined;
  return (value: number): number => {
    const entry = Math.min(count - 1, Math.max(0, value - first));
    if (wide) return (words[entry] as number) >> 8;
    return ((words[entry >> 1] as number) >> (8 * (entry & 1))) & 0xff;
  };
}
