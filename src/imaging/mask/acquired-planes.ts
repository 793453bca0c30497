import { applyAffine, invertAffine } from '../geometry/affine.ts';
import type { Vec3 } from '../geometry/vector.ts';
import type { AcquiredImage, MaskTarget } from './mask-target.ts';
import { roundPixel } from './polygon.ts';

/** Half a slice, at either end of a stack of one. */
const HALF_OF_A_LONE_SLICE = 0.5;
/** A slice of the grid within this of an acquired plane, in slices, is that plane. */
export const COINCIDES = 1e-3;
/** Two images closer than this along k share a plane: phases, echoes or rounding. */
const SAME_PLANE = 1e-4;

/**
 * The planes a series was acquired on, in ascending order, numbered from 0; on a regular grid plane n is slice n.
 *
 * A position belongs to a plane when it lies within half the distance to the plane's neighbour.
 */
export interface AcquiredPlanes {
  /** Position of each plane along k, in slices of the grid. */
  readonly ks: readonly number[];
  /** Plane nearest to a position; of two equally near ones the lower; undefined beyond half a slice from the ends. */
  readonly nearest: (k: number) => number | undefined;
  /**
   * Plane of a named image. When the name fits several frames and no frame number tells them apart, the one nearest to
   * `k` counts.
   */
  readonly named: (image: ImageReference, k?: number) => number | undefined;
  /** Number of a named image among those of the volume, found as its plane is. */
  readonly image: (image: ImageReference, k?: number) => number | undefined;
  /** Images of the volume that one instance holds: frames, or tiles of a mosaic. */
  readonly framesOf: (sopInstanceUid: string) => number;
  /** Centre of the first pixel of a named image, in voxels of the grid. */
  readonly firstPixelIjk: (image: ImageReference) => Vec3 | undefined;
  /** How far plane n reaches, in slices. */
  readonly reach: (plane: number, direction: 'down' | 'up') => number;
  /** Slices of the grid that are nearer to plane n than to any other. */
  readonly slices: (plane: number) => SliceRange;
}

/** Slices `first` to `last`; none when `last` is the lesser. */
export interface SliceRange {
  readonly first: number;
  readonly last: number;
}

export interface ImageReference {
  readonly sopInstanceUid: string;
  /** Counted from 1. */
  readonly frame?: number;
}

interface PlacedImage extends AcquiredImage {
  readonly number: number;
  readonly plane: number;
}

const known = new WeakMap<MaskTarget, AcquiredPlanes>();

/** Of one target they are found once: each of its regions asks for them. */
export function acquiredPlanes(target: MaskTarget): AcquiredPlanes {
  const planes = known.get(target) ?? findPlanes(target);
  known.set(target, planes);
  return planes;
}

function findPlanes({ slices, geometry }: MaskTarget): AcquiredPlanes {
  const ks: number[] = [];
  const byInstance = new Map<string, PlacedImage[]>();
  for (const [number, image] of slices.toSorted((a, b) => a.k - b.k).entries()) {
    if (ks.length === 0 || image.k - (ks.at(-1) ?? 0) > SAME_PLANE) ks.push(image.k);
    const placed = { ...image, number, plane: ks.length - 1 };
    const frames = byInstance.get(image.sopInstanceUid);
    if (frames === undefined) byInstance.set(image.sopInstanceUid, [placed]);
    else frames.push(placed);
  }
  const find = (reference: ImageReference, k?: number) => chooseFrame(byInstance, reference, k);
  const [down, up] = [
    ks.map((_, plane) => planeReach(ks, plane, 'down')),
    ks.map((_, plane) => planeReach(ks, plane, 'up')),
  ];
  const reach = (plane: number, direction: 'down' | 'up') =>
    (direction === 'down' ? down : up)[plane] as number;
  const nearest = (k: number) => nearestPlane(ks, k, reach);
  const ranges: SliceRange[] = [];
  const slicesOf = (plane: number) => nearestSlices(plane, { ks, nearest, reach }, geometry.sizeIjk[2]);
  return {
    ks,
    nearest,
    named: (reference, k) => find(reference, k)?.plane,
    framesOf: (sopInstanceUid) => byInstance.get(sopInstanceUid)?.length ?? 0,
    image: (reference, k) => find(reference, k)?.number,
    firstPixelIjk: (reference) => {
      const image = find(reference);
      if (image?.positionLps === undefined) return image && [0, 0, image.k];
      return applyAffine(invertAffine(geometry.affineIjkToLps), image.positionLps);
    },
    reach,
    slices: (plane) => {
      const range = ranges[plane] ?? slicesOf(plane);
      ranges[plane] = range;
      return range;
    },
  };
}

function nearestSlices(
  plane: number,
  { ks, nearest, reach }: Pick<AcquiredPlanes, 'ks' | 'nearest' | 'reach'>,
  sliceCount: number,
): SliceRange {
  const k = ks[plane] as number;
  let first = Math.ceil(k - reach(plane, 'down') - COINCIDES);
  let last = Math.floor(k + reach(plane, 'up') + COINCIDES);
  while (first <= last && nearest(first) !== plane) first++;
  while (last >= first && nearest(last) !== plane) last--;
  return { first: Math.max(0, first), last: Math.min(sliceCount - 1, last) };
}

function chooseFrame(
  byInstance: ReadonlyMap<string, readonly PlacedImage[]>,
  { sopInstanceUid, frame }: ImageReference,
  k: number | undefined,
): PlacedImage | undefined {
  const frames = byInstance.get(sopInstanceUid) ?? [];
  const exact = frames.find((image) => (image.frame ?? 1) === frame);
  if (exact !== undefined) return exact;
  // Writers put 0 or nothing for an object of a single frame.
  const unnumbered = frame === undefined || frame < 1;
  if (!unnumbered || frames.length === 0) return undefined;
  if (frames.length === 1) return frames[0];
  if (k === undefined) return undefined;
  return frames.reduce((best, image) => (Math.abs(image.k - k) < Math.abs(best.k - k) ? image : best));
}

function nearestPlane(
  ks: readonly number[],
  position: number,
  reach: AcquiredPlanes['reach'],
): number | undefined {
  const k = roundPixel(position);
  let [low, high] = [0, ks.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const halfway = roundPixel(((ks[middle] as number) + (ks[middle + 1] as number)) / 2);
    if (k <= halfway) high = middle;
    else low = middle + 1;
  }
  const plane = ks[low];
  if (plane === undefined) return undefined;
  const limit = reach(low, k < plane ? 'down' : 'up');
  return Math.abs(roundPixel(k - plane)) <= roundPixel(limit) ? low : undefined;
}

function planeReach(ks: readonly number[], plane: number, direction: 'down' | 'up'): number {
  const at = ks[plane] as number;
  const [below, above] = [ks[plane - 1], ks[plane + 1]];
  const [inwards, outwards] = direction === 'down' ? [above, below] : [below, above];
  const neighbour = outwards ?? inwards;
  return neighbour === undefined ? HALF_OF_A_LONE_SLICE : Math.abs(neighbour - at) / 2;
}
