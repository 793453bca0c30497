import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import { type AcquiredPlanes, COINCIDES, type SliceRange } from './acquired-planes.ts';
import { interpolateBetween } from './interpolate-slices.ts';
import type { ContourGap, DrawnSlice, DrawOptions } from './region-source.ts';
import { addRuns, scratchMasks, takeRuns } from './slice-mask.ts';
import { SliceRuns } from './slice-runs.ts';

/** What a region shows on one acquired plane. */
export interface PlaneDrawing {
  readonly plane: number;
  /** Describes it in place of what was there; called once. */
  readonly draw: (into: SliceRuns) => void;
}

/** Drawings along the slices, ascending, at most one per acquired plane. */
export interface InPlaneDrawing {
  readonly planes: readonly PlaneDrawing[];
  readonly acquired: AcquiredPlanes;
  readonly geometry: VolumeGeometry;
}

/**
 * Draws a region on the planes it was drawn on and carries them to the slices of the grid.
 *
 * On a regular grid the two are the same. On a grid resampled from an irregular stack a slice between two neighbouring
 * acquired planes is interpolated by shape when both carry the region. Where the region ends, slices nearer to its last
 * plane than to the next acquired one carry on the change of shape of its last two planes, but never grow; a region of
 * one plane fills the slices nearest to it (halfway: the lower plane's). Slices between planes that carry the region and
 * are not neighbours are a gap of the drawing: left empty, or interpolated when the options say so.
 */
export function drawInPlane(drawing: InPlaneDrawing, options: DrawOptions): InPlaneSlices {
  const links = linkPlanes(drawing, options);
  return {
    gaps: links.flatMap(({ gap }) => gap ?? []),
    slices: () => drawSlices(drawing, links),
  };
}

export interface InPlaneSlices {
  readonly gaps: readonly ContourGap[];
  /** Draws plane after plane and gives the slices, ascending. */
  readonly slices: () => Generator<DrawnSlice>;
}

/** A plane's own slices wait for the next plane when slices before them are made of both. */
function* drawSlices(drawing: InPlaneDrawing, links: readonly Link[]): Generator<DrawnSlice> {
  const { planes, geometry } = drawing;
  const [columns, rows] = geometry.sizeIjk;
  const mixer = planeMixer(geometry);
  let [current, previous] = [new SliceRuns(columns, rows), new SliceRuns(columns, rows)];
  for (const [index, plane] of planes.entries()) {
    const below = links[index - 1];
    const above = links[index];
    plane.draw(current);
    const mixed = below?.filled && below.mixed.length > 0 ? mixer(previous, current, below) : undefined;
    if (mixed !== undefined) yield* mixed('before');
    if (below?.filled) {
      const own = coincidingSlices(drawing, (planes[index - 1] as PlaneDrawing).plane);
      yield* repeated(own, previous);
    }
    if (mixed !== undefined) yield* mixed('between');
    if (above?.filled !== true) {
      const alone = below?.filled !== true;
      yield* repeated(
        alone ? drawing.acquired.slices(plane.plane) : coincidingSlices(drawing, plane.plane),
        current,
      );
      if (mixed !== undefined) yield* mixed('behind');
    }
    const drawn = current;
    current = previous;
    previous = drawn;
  }
}

function* repeated({ first, last }: SliceRange, runs: SliceRuns): Generator<DrawnSlice> {
  for (let k = first; k <= last; k++) yield [k, runs];
}

/** Draws slices that are made of two planes. */
function planeMixer({ sizeIjk: [columns, rows], spacingMm }: VolumeGeometry) {
  const runs = new SliceRuns(columns, rows);
  return (previous: SliceRuns, current: SliceRuns, { lowerK, upperK, mixed }: Link) => {
    const [lower, upper] = scratchMasks(columns, rows);
    addRuns(lower, previous);
    addRuns(upper, current);
    const mix = interpolateBetween(lower, upper, [spacingMm[0], spacingMm[1]]);
    return function* (part: LinkPart): Generator<DrawnSlice> {
      for (const k of mixed) {
        if (partOf(k, lowerK, upperK) !== part) continue;
        const [between] = scratchMasks(columns, rows);
        mix((k - lowerK) / (upperK - lowerK), between);
        takeRuns(runs, between);
        yield [k, runs];
      }
    };
  };
}

/** Where a slice lies to the two planes that it is made of. */
type LinkPart = 'before' | 'between' | 'behind';

function partOf(k: number, lowerK: number, upperK: number): LinkPart {
  if (k < lowerK) return 'before';
  return k > upperK ? 'behind' : 'between';
}

/** What happens between two planes of the region that follow each other. */
interface Link {
  readonly filled: boolean;
  readonly gap?: ContourGap;
  readonly lowerK: number;
  readonly upperK: number;
  /** Slices that are made of both planes: between them, and beyond one of them where the region ends. */
  readonly mixed: readonly number[];
}

function linkPlanes(drawing: InPlaneDrawing, { interpolateUpToMm }: DrawOptions): Link[] {
  const { planes, acquired, geometry } = drawing;
  const at = (index: number) => planes[index]?.plane ?? 0;
  const kOf = (index: number) => acquired.ks[at(index)] as number;
  const isFilled = (lower: number) =>
    at(lower + 1) - at(lower) === 1 ||
    (kOf(lower + 1) - kOf(lower)) * geometry.spacingMm[2] <= interpolateUpToMm;
  const filled = planes.slice(1).map((_, lower) => isFilled(lower));
  return filled.map((isLinked, lower) => {
    const lowerK = kOf(lower);
    const upperK = kOf(lower + 1);
    const within = { first: Math.floor(lowerK + COINCIDES) + 1, last: Math.ceil(upperK - COINCIDES) - 1 };
    const first = acquired.slices(at(lower));
    const last = acquired.slices(at(lower + 1));
    const range = {
      first: filled[lower - 1] ? within.first : first.first,
      last: filled[lower + 1] ? within.last : last.last,
    };
    const mixed = isLinked
      ? slicesOf(range).filter((k) => !coincides(k, lowerK) && !coincides(k, upperK))
      : [];
    const empty = isLinked ? within : { first: first.last + 1, last: last.first - 1 };
    const neighbours = at(lower + 1) - at(lower) === 1;
    const gap = { firstSlice: empty.first, lastSlice: empty.last, filled: isLinked };
    return { filled: isLinked, ...(neighbours ? {} : { gap }), lowerK, upperK, mixed };
  });
}

/** The slice that the plane is, if it is one. */
function coincidingSlices({ acquired, geometry }: InPlaneDrawing, plane: number): SliceRange {
  const k = acquired.ks[plane] as number;
  const [first, last] = [Math.ceil(k - COINCIDES), Math.floor(k + COINCIDES)];
  return { first: Math.max(0, first), last: Math.min(geometry.sizeIjk[2] - 1, last) };
}

function coincides(slice: number, k: number): boolean {
  return Math.abs(slice - k) <= COINCIDES;
}

function slicesOf({ first, last }: SliceRange): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n);
}
