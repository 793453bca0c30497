import { PipelineError } from '../../contracts/errors.ts';
import { type VolumeGeometry, voxelCount, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import type { NiftiValues } from '../nifti/nifti-header.ts';
import { ADVANCE, toPrintable } from './bitmap-font.ts';
import { type DisplayPlane, displayPlanes } from './display-planes.ts';
import { drawTile, type TileSource } from './draw-tile.ts';
import { type GreyWindow, greyWindow } from './grey-window.ts';
import { type Colour, DIM_TEXT, PictureCanvas, TEXT } from './picture-canvas.ts';
import { GAP, layoutPicture, MOST_REGIONS, type PictureLayout } from './picture-layout.ts';
import { type RegionExtent, regionExtents } from './region-extent.ts';

export interface QaRegion {
  readonly name: string;
  readonly value: number;
  readonly colour?: Colour;
}

export interface QaPictureInput {
  readonly image: {
    readonly geometry: VolumeGeometry;
    readonly values: NiftiValues;
    /** `HU` is shown as soft tissue, any other unit by its percentiles. */
    readonly unit: string;
  };
  /** On the image's grid, i fastest. */
  readonly labels: ArrayLike<number>;
  /** In the order of the picture. */
  readonly regions: readonly QaRegion[];
}

const LINE = 18;
const MOST_NAME_LINES = 6;
/** Half of the picture's colours, or too few greys would be left; regions beyond these share them. */
const MOST_COLOURS = 128;

/** Okabe and Ito's colours, which people with any colour vision can tell apart; without black. */
const PALETTE: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 114, 178],
];
/** A darker outline would not be seen on an image. */
const LEAST_LUMINANCE = 70;

/**
 * Draws a case for a person to check: one row per region with an axial, a coronal and a sagittal plane, each through
 * the slice in which the region is largest, and the region's outline over the image. Equal input gives equal bytes.
 *
 * Every region up to the 256th has its planes, 24 below each other; over 96 regions are drawn at half the size.
 *
 * @returns a PNG file, 792 pixels wide for up to 24 regions, of at most 22 million pixels
 * @throws InternalError when the labels are not on the image's grid
 */
export function renderQaPicture({ image, labels, regions }: QaPictureInput): Uint8Array {
  if (labels.length !== voxelCount(image.geometry)) {
    throw new PipelineError(
      'InternalError',
      `${labels.length} labels came with another number of image voxels`,
    );
  }
  const shown = regions.slice(0, MOST_REGIONS);
  const extents = regionExtents(
    labels,
    image.geometry.sizeIjk,
    shown.map(({ value }) => value),
  );
  const rows = shown.map((region) => ({ region, extent: extents.get(region.value) }));
  const layout = layoutPicture(rows.map(({ extent }) => extent !== undefined));
  const rest = nameLines(regions.slice(MOST_REGIONS), Math.floor((layout.width - 2 * GAP) / (2 * ADVANCE)));
  const height = layout.bottom + rest.length * LINE + GAP;
  const canvas = new PictureCanvas(layout.width, height, shown.slice(0, MOST_COLOURS).map(outlineColour));
  const source = { ...image, labels, window: greyWindow(image.values, image.unit), tile: layout.tile };
  drawHeader(canvas, image, source.window);
  const planes = displayPlanes(image.geometry);
  rows.forEach((row, index) => {
    drawRow(canvas, layout, source, planes, { ...row, index });
  });
  rest.forEach((line, index) => {
    canvas.text(line, [GAP, layout.bottom + GAP + index * LINE], 2, DIM_TEXT);
  });
  return canvas.encode();
}

interface PictureRow {
  readonly index: number;
  readonly region: QaRegion;
  readonly extent: RegionExtent | undefined;
}

function drawRow(
  canvas: PictureCanvas,
  { places, textScale, caption, characters, tile }: PictureLayout,
  source: TileSource,
  planes: readonly DisplayPlane[],
  { index, region, extent }: PictureRow,
): void {
  const colour = canvas.colourIndex(index % MOST_COLOURS);
  const [left, top] = places[index] as PictureLayout['places'][number];
  const ml = (extent?.voxels ?? 0) * voxelVolumeMl(source.geometry);
  const facts = extent === undefined ? 'no voxels' : `${volumeText(ml)} ml, ${extent.voxels} voxels`;
  const room = characters - facts.length - String(region.value).length - 6;
  const name = `${shorten(region.name, room)} = ${region.value}`;
  const end = left + 3 * (tile + GAP);
  canvas.fill(left + GAP, top + 4, 6 * textScale, 7 * textScale, colour);
  canvas.text(name, [left + GAP + 9 * textScale, top + 4], textScale, TEXT);
  canvas.text(facts, [end - facts.length * textScale * ADVANCE, top + 4], textScale, DIM_TEXT);
  if (extent === undefined) return;
  planes.forEach((plane, at) => {
    const corner = [left + GAP + at * (tile + GAP), top + caption] as const;
    drawTile(canvas, corner, source, { value: region.value, extent, colour }, plane);
  });
}

function drawHeader(
  canvas: PictureCanvas,
  { geometry, unit }: QaPictureInput['image'],
  window: GreyWindow,
): void {
  const spacing = geometry.spacingMm.map((value) => value.toFixed(2)).join(' x ');
  const grey = [window.low, window.high].map((value) => Number(value.toPrecision(4))).join(' to ');
  const text = `${geometry.sizeIjk.join(' x ')} voxels of ${spacing} mm; grey ${grey} ${toPrintable(unit)}`;
  canvas.text(text, [GAP, 8], 1, DIM_TEXT);
}

function volumeText(ml: number): string {
  return ml >= 100 ? ml.toFixed(0) : ml >= 1 ? ml.toFixed(1) : ml.toFixed(3);
}

function shorten(text: string, room: number): string {
  const printable = toPrintable(text);
  return printable.length <= room ? printable : `${printable.slice(0, Math.max(0, room - 3))}...`;
}

function outlineColour({ colour }: QaRegion, index: number): Colour {
  const fallback = PALETTE[index % PALETTE.length] as Colour;
  if (colour === undefined) return fallback;
  const [red, green, blue] = colour;
  return 0.299 * red + 0.587 * green + 0.114 * blue >= LEAST_LUMINANCE ? colour : fallback;
}

/** The names of regions without a row, in lines of so many letters. */
function nameLines(regions: readonly QaRegion[], characters: number): string[] {
  if (regions.length === 0) return [];
  const words = regions.map(({ name, value }) => `${shorten(name, characters - 12)} = ${value}`);
  const lines: string[] = [];
  let line = `and ${regions.length} more: `;
  words.forEach((word, index) => {
    const next = index === words.length - 1 ? word : `${word}, `;
    if (line.length + next.length > characters) {
      lines.push(line);
      line = '';
    }
    line += next;
  });
  lines.push(line);
  return lines.length <= MOST_NAME_LINES ? lines : [...lines.slice(0, MOST_NAME_LINES - 1), 'and others'];
}
