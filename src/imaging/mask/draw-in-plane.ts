import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { AcquiredPlanes } from './acquired-planes.ts';
import { interpolateBetween } from './interpolate-slices.ts';
import { clearSliceMask, emptySliceMask, type SliceMask } from './rasterise.ts';
import type { ContourGap, DrawOptions, PaintSlice } from './region-source.ts';

/** What a region shows on one acquired plane. */
export interface PlaneDrawing {
  readonly plane: number;
  /** Draws into an empty mask of the grid's size; called once. */
  readonly draw: (into: SliceMask) => void;
}

/** Drawings along the slices, ascending, at most one per acquired plane. */
export interface InPlaneDrawing {
  readonly planes: readonly PlaneDrawing[];
  readonly acquired: AcquiredPlanes;
  readonly geometry: VolumeGeometry;
}

/** A slice of the grid within this of an acquired plane, in slices, is that plane. */
const COINCIDES = 1e-3;

/**
 * Draws a region on the planes it was drawn on and carries them to the slices of the grid.
 *
 * On a regular grid the two are the same. On a grid resampled from an irregular stack a slice between two neighbouring
 * acquired planes is interpolated by shape when both carry the region, and otherwise takes the nearer of them (halfway:
 * the lower). Slices between contoured planes that are not neighbours are a gap of the drawing: left empty, or
 * interpolated when the options say so.
 */
export function drawInPlane(drawing: InPlaneDrawing, options: DrawOptions, paint: PaintSlice): ContourGap[] {
  const { planes, geometry } = drawing;
  const [columns, rows] = geometry.sizeIjk;
  const spacing = [geometry.spacingMm[0], geometry.spacingMm[1]] as const;
  const links = planes
    .slice(1)
    .map((upper, index) => linkPlanes(drawing, planes[index]?.plane ?? 0, upper.plane, options));
  let [current, previous, between] = [0, 1, 2].map(() => emptySliceMask(columns, rows)) as SliceMasks;
  planes.forEach((plane, index) => {
    const [below, above] = [links[index - 1], links[index]];
    clearSliceMask(current);
    plane.draw(current);
    if (below?.filled && below.first <= below.last) {
      const drawBetween = interpolateBetween(previous, current, spacing);
      for (let k = below.first; k <= below.last; k++) {
        clearSliceMask(between);
        drawBetween((k - below.lowerK) / (below.upperK - below.lowerK), between);
        paint(k, between);
      }
    }
    const own = ownSlices(drawing, plane.plane, { below: below?.filled, above: above?.filled });
    for (let k = own.first; k <= own.last; k++) paint(k, current);
    [previous, current] = [current, previous];
  });
  return links.flatMap(({ gap }) => gap ?? []);
}

type SliceMasks = [SliceMask, SliceMask, SliceMask];

/** What happens between two contoured planes that follow each other. */
interface Link {
  readonly filled: boolean;
  readonly gap?: ContourGap;
  readonly lowerK: number;
  readonly upperK: number;
  /** Slices strictly between the two planes; none when the first exceeds the last. */
  readonly first: number;
  readonly last: number;
}

function linkPlanes(
  drawing: InPlaneDrawing,
  lower: number,
  upper: number,
  { interpolateUpToMm }: DrawOptions,
): Link {
  const { acquired, geometry } = drawing;
  const [lowerK, upperK] = [acquired.ks[lower] as number, acquired.ks[upper] as number];
  const neighbours = upper - lower === 1;
  const filled = neighbours || (upperK - lowerK) * geometry.spacingMm[2] <= interpolateUpToMm;
  const inner = { first: Math.floor(lowerK + COINCIDES) + 1, last: Math.ceil(upperK - COINCIDES) - 1 };
  if (neighbours) return { filled, lowerK, upperK, ...inner };
  const empty = {
    firstSlice: ownSlices(drawing, lower, {}).last + 1,
    lastSlice: ownSlices(drawing, upper, {}).first - 1,
  };
  const range = filled ? { firstSlice: inner.first, lastSlice: inner.last } : empty;
  return { filled, gap: { ...range, filled }, lowerK, upperK, ...inner };
}

/** Slices that take the plane as it is: those nearest to it, or it alone on a side that is interpolated. */
function ownSlices(
  { acquired: { ks, reach, nearest }, geometry }: InPlaneDrawing,
  plane: number,
  interpolated: { readonly below?: boolean | undefined; readonly above?: boolean | undefined },
): { readonly first: number; readonly last: number } {
  const k = ks[plane] as number;
  let first = Math.ceil(k - (interpolated.below ? COINCIDES : reach(plane, 'down')));
  let last = Math.floor(k + (interpolated.above ? COINCIDES : reach(plane, 'up')));
  while (first <= last && nearest(first) !== plane) first++;
  while (last >= first && nearest(last) !== plane) last--;
  return { first: Math.max(0, first), last: Math.min(geometry.sizeIjk[2] - 1, last) };
}
