import type { Vec3 } from '../geometry/vector.ts';
import { nearestDistances } from './nearest-distances.ts';
import { type RegionBox, type SurfaceElements, surfaceElements, surfaceVoxels } from './region-surface.ts';
import { surfaceElementAreas } from './surface-element-area.ts';

/** Distances between the surfaces of two regions that both hold voxels, mm. */
export interface SurfaceDistances {
  /** Share of both surfaces, by area, that lies within the tolerance of the other. */
  readonly surfaceDice: number;
  /** 95th percentile by area of the distance to the other surface; the larger of both directions. */
  readonly hd95Mm: number;
  /** 95th percentile over surface voxels; the larger of both directions. */
  readonly voxelHd95Mm: number;
  /** Mean over the surface voxels of both regions of the distance to the other's surface voxels. */
  readonly meanSurfaceDistanceMm: number;
}

/** Distances that come from a header in single precision may exceed a round tolerance by a hair. */
const TOLERANCE_SLACK = 1e-6;
const PERCENTILE = 0.95;

/**
 * Surface distances of two regions in boxes of one size and place.
 *
 * @param toleranceMm - 0 or more
 */
export function surfaceDistances(
  a: RegionBox,
  b: RegionBox,
  spacingMm: Vec3,
  toleranceMm: number,
): SurfaceDistances {
  return { ...byElements(a, b, spacingMm, toleranceMm), ...byVoxels(a, b, spacingMm) };
}

function byElements(a: RegionBox, b: RegionBox, spacingMm: Vec3, toleranceMm: number) {
  const areas = surfaceElementAreas(spacingMm);
  const [ofA, ofB] = [surfaceElements(a, areas), surfaceElements(b, areas)];
  const fromA = nearestDistances(ofA.sizeIjk, spacingMm, ofA.points, ofB.points);
  const fromB = nearestDistances(ofB.sizeIjk, spacingMm, ofB.points, ofA.points);
  const limit = toleranceMm * (1 + TOLERANCE_SLACK);
  const within = areaWithin(ofA, fromA, limit) + areaWithin(ofB, fromB, limit);
  const everything =
    areaWithin(ofA, fromA, Number.POSITIVE_INFINITY) + areaWithin(ofB, fromB, Number.POSITIVE_INFINITY);
  return {
    surfaceDice: within / everything,
    hd95Mm: Math.max(percentileByArea(ofA, fromA), percentileByArea(ofB, fromB)),
  };
}

function byVoxels(a: RegionBox, b: RegionBox, spacingMm: Vec3) {
  const [ofA, ofB] = [surfaceVoxels(a), surfaceVoxels(b)];
  const fromA = nearestDistances(ofA.sizeIjk, spacingMm, ofA.points, ofB.points).sort();
  const fromB = nearestDistances(ofB.sizeIjk, spacingMm, ofB.points, ofA.points).sort();
  const sum = (distances: Float64Array) => distances.reduce((total, distance) => total + distance, 0);
  return {
    voxelHd95Mm: Math.max(interpolatedPercentile(fromA), interpolatedPercentile(fromB)),
    meanSurfaceDistanceMm: (sum(fromA) + sum(fromB)) / (fromA.length + fromB.length),
  };
}

function areaWithin({ areas }: SurfaceElements, distances: Float64Array, limitMm: number): number {
  let area = 0;
  for (let at = 0; at < distances.length; at++) {
    if ((distances[at] as number) <= limitMm) area += areas[at] as number;
  }
  return area;
}

/** Smallest distance within which the surface's share reaches the percentile. */
function percentileByArea(surface: SurfaceElements, distances: Float64Array): number {
  const sorted = distances.toSorted();
  const wanted = PERCENTILE * areaWithin(surface, distances, Number.POSITIVE_INFINITY);
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (areaWithin(surface, distances, sorted[middle] as number) >= wanted) high = middle;
    else low = middle + 1;
  }
  return sorted[low] as number;
}

/** Percentile of sorted values, linear between neighbours. */
function interpolatedPercentile(sorted: Float64Array): number {
  const position = PERCENTILE * (sorted.length - 1);
  const before = Math.floor(position);
  const low = sorted[before] as number;
  const high = sorted[Math.min(before + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - before);
}
