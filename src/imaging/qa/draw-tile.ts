import type { Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { NiftiValues } from '../nifti/nifti-header.ts';
import type { DisplayAxis, DisplayPlane } from './display-planes.ts';
import type { GreyWindow } from './grey-window.ts';
import { type PictureCanvas, TEXT, textHeight, textWidth } from './picture-canvas.ts';
import type { RegionExtent } from './region-extent.ts';

export interface TileSource {
  readonly geometry: VolumeGeometry;
  readonly values: NiftiValues;
  readonly labels: ArrayLike<number>;
  readonly window: GreyWindow;
  /** Side of a tile in pixels. */
  readonly tile: number;
}

export interface TileRegion {
  readonly value: number;
  readonly extent: RegionExtent;
  /** Palette index of its outline. */
  readonly colour: number;
}

/** A tile shows this many times the region, and at least so many mm of the patient. */
const CONTEXT = 2;
const LEAST_FIELD_MM = 100;
const MARGIN = 4;

/** Draws one plane through a region: image, outline, orientation letters, slice number and a scale. */
export function drawTile(
  canvas: PictureCanvas,
  [left, top]: readonly [number, number],
  source: TileSource,
  region: TileRegion,
  plane: DisplayPlane,
): void {
  const { tile } = source;
  const mmPerPixel = fieldOfView(source.geometry, region.extent, plane) / tile;
  const columns = sampleAxis(source, region.extent, plane.horizontal, mmPerPixel);
  const rows = sampleAxis(source, region.extent, plane.vertical, mmPerPixel);
  drawImage(canvas, [left, top], source, region, plane, columns, rows);
  drawOutline(canvas, [left, top], source, region, plane, columns, rows);
  drawLetters(canvas, [left, top], tile, plane);
  const slice = (region.extent.fullest[plane.normal] as number) + 1;
  const caption = `${plane.name} ${slice}/${source.geometry.sizeIjk[plane.normal]}`;
  canvas.text(caption, [left + MARGIN, top + tile - MARGIN - textHeight(1)], 1, TEXT, true);
  drawScale(canvas, [left, top], tile, mmPerPixel);
}

/** Side of the square that the tile shows, mm: the region with its surroundings, at most the whole plane. */
function fieldOfView(
  { spacingMm, sizeIjk }: VolumeGeometry,
  { low, high }: RegionExtent,
  { horizontal, vertical }: DisplayPlane,
): number {
  const axes = [horizontal.axis, vertical.axis];
  const region = axes.map((axis) => (high[axis] - low[axis] + 1) * spacingMm[axis]);
  const whole = axes.map((axis) => sizeIjk[axis] * spacingMm[axis]);
  return Math.min(Math.max(...whole), Math.max(CONTEXT * Math.max(...region), LEAST_FIELD_MM));
}

/** Voxel coordinate of each pixel along a tile; a whole number is a voxel's centre. */
function sampleAxis(
  { geometry: { spacingMm, sizeIjk }, tile }: TileSource,
  { low, high }: RegionExtent,
  { axis, reversed }: DisplayAxis,
  mmPerPixel: number,
): Float64Array {
  const step = mmPerPixel / spacingMm[axis];
  const half = (tile * step) / 2;
  const [first, last] = [half - 0.5, sizeIjk[axis] - 0.5 - half];
  const wanted = (low[axis] + high[axis]) / 2;
  // The view stays inside the volume where it can, and is centred on it where the volume is smaller.
  const centre = first > last ? (sizeIjk[axis] - 1) / 2 : Math.min(last, Math.max(first, wanted));
  return Float64Array.from({ length: tile }, (_, n) => {
    const offset = (n + 0.5 - tile / 2) * step;
    return reversed ? centre - offset : centre + offset;
  });
}

function drawImage(
  canvas: PictureCanvas,
  [left, top]: readonly [number, number],
  { geometry, values, window }: TileSource,
  { extent }: TileRegion,
  { normal, horizontal, vertical }: DisplayPlane,
  columns: Float64Array,
  rows: Float64Array,
): void {
  const strides = stridesOf(geometry);
  const base = extent.fullest[normal] * strides[normal];
  const across = blends(columns, geometry.sizeIjk[horizontal.axis], strides[horizontal.axis]);
  const down = blends(rows, geometry.sizeIjk[vertical.axis], strides[vertical.axis]);
  down.forEach((v, y) => {
    across.forEach((u, x) => {
      if (u === null || v === null) return;
      const upper = blend(values, base + v.low, u);
      const lower = blend(values, base + v.high, u);
      const value = upper + (lower - upper) * v.share;
      const brightness = (value - window.low) / (window.high - window.low);
      canvas.paint(left + x, top + y, canvas.greyIndex(Number.isNaN(brightness) ? 0 : brightness));
    });
  });
}

function stridesOf({ sizeIjk: [columns, rows] }: VolumeGeometry): Vec3 {
  return [1, columns, columns * rows];
}

/** Two neighbouring voxels, as offsets, and the share of the second. */
interface Blend {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/** What each pixel along an axis blends; null beyond the volume. */
function blends(coordinates: Float64Array, size: number, stride: number): (Blend | null)[] {
  return Array.from(coordinates, (at) => {
    if (at < -0.5 || at >= size - 0.5) return null;
    const kept = Math.min(size - 1, Math.max(0, at));
    const low = Math.floor(kept);
    return { low: low * stride, high: Math.min(size - 1, low + 1) * stride, share: kept - low };
  });
}

function blend(values: NiftiValues, at: number, { low, high, share }: Blend): number {
  const first = values[at + low] as number;
  return first + ((values[at + high] as number) - first) * share;
}

/** Pixels of the region with a neighbour outside: one pixel wide, along the edges of the voxels. */
function drawOutline(
  canvas: PictureCanvas,
  [left, top]: readonly [number, number],
  { geometry, labels, tile }: TileSource,
  { value, extent, colour }: TileRegion,
  { normal, horizontal, vertical }: DisplayPlane,
  columns: Float64Array,
  rows: Float64Array,
): void {
  const strides = stridesOf(geometry);
  const base = extent.fullest[normal] * strides[normal];
  const place = (samples: Float64Array, axis: 0 | 1 | 2) =>
    Int32Array.from(samples, (at) => {
      const nearest = Math.round(at);
      return nearest < 0 || nearest >= geometry.sizeIjk[axis] ? -1 : nearest * strides[axis];
    });
  const [across, down] = [place(columns, horizontal.axis), place(rows, vertical.axis)];
  const holds = (x: number, y: number) => {
    const [u, v] = [across[x] ?? -1, down[y] ?? -1];
    return u >= 0 && v >= 0 && labels[base + u + v] === value;
  };
  for (let y = 0; y < tile; y++) {
    for (let x = 0; x < tile; x++) {
      if (!holds(x, y)) continue;
      if (holds(x - 1, y) && holds(x + 1, y) && holds(x, y - 1) && holds(x, y + 1)) continue;
      canvas.paint(left + x, top + y, colour);
    }
  }
}

function drawLetters(
  canvas: PictureCanvas,
  [left, top]: readonly [number, number],
  tile: number,
  { horizontal, vertical }: DisplayPlane,
): void {
  const middle = (text: string) => Math.floor((tile - textWidth(text, 2)) / 2);
  const half = Math.floor((tile - textHeight(2)) / 2);
  const [first, last] = horizontal.letters;
  const [upper, lower] = vertical.letters;
  const end = tile - MARGIN;
  canvas.text(first, [left + MARGIN, top + half], 2, TEXT, true);
  canvas.text(last, [left + end - textWidth(last, 2), top + half], 2, TEXT, true);
  canvas.text(upper, [left + middle(upper), top + MARGIN], 2, TEXT, true);
  canvas.text(lower, [left + middle(lower), top + end - textHeight(2)], 2, TEXT, true);
}

/** A bar of a round length of at most a third of the tile. */
function drawScale(
  canvas: PictureCanvas,
  [left, top]: readonly [number, number],
  tile: number,
  mmPerPixel: number,
): void {
  const lengthMm = [100, 50, 20, 10, 5, 2, 1].find((mm) => mm / mmPerPixel <= tile / 3) ?? 1;
  const length = Math.round(lengthMm / mmPerPixel);
  const text = `${lengthMm} mm`;
  const right = left + tile - MARGIN;
  const bottom = top + tile - MARGIN;
  canvas.fill(right - length, bottom - 2, length, 2, TEXT);
  canvas.text(text, [right - textWidth(text, 1), bottom - 5 - textHeight(1)], 1, TEXT, true);
}
