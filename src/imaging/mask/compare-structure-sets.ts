import type { Roi, StructureSet } from '../contour/structure-set.ts';
import { voxelCount } from '../geometry/volume-geometry.ts';
import { prepareRoi } from './draw-roi.ts';
import type { MaskTarget } from './mask-target.ts';
import type { MaskWarning } from './mask-warning.ts';
import { farthestVertex } from './outline-distance.ts';
import { placeContours } from './place-contours.ts';
import type { Polygon } from './polygon.ts';
import { foldRegionName } from './region-name.ts';

/** One region of two files that should say the same. */
export interface ComparedRegion {
  readonly name: string;
  /** Voxels by the first and by the second file; null where a file does not have the region. */
  readonly voxels: readonly [number | null, number | null];
  /** Voxels that belong to the region by one file only. */
  readonly differingVoxels: number;
  /** Null when neither encloses a voxel or one file does not have it. */
  readonly dice: number | null;
  /**
   * Largest distance of a contour's point from the other file's outline on its plane, in pixels; null when a plane is
   * drawn in one file only.
   */
  readonly farthestPx: number | null;
}

export interface StructureComparison {
  readonly regions: readonly ComparedRegion[];
  /** One for each region that differs by more than {@link ALLOWED_PX}, or that one file lacks. */
  readonly warnings: readonly MaskWarning[];
}

/** More than the rounding of two formats; half a pixel, the error that conventions differ by, is far beyond. */
export const ALLOWED_PX = 0.1;

/**
 * Compares two files of contours region by region, such as an AIM collection and the RTSTRUCT derived from it.
 *
 * Regions are matched by name; several of one name in a file count together. Contours across the slices take part in
 * the voxels only.
 *
 * @throws what placing contours throws, for either file
 */
export function compareStructureSets(
  first: StructureSet,
  second: StructureSet,
  target: MaskTarget,
): StructureComparison {
  const [a, b] = [byName(first), byName(second)];
  const names = [...new Set([...a.keys(), ...b.keys()])];
  const scratch = new Uint8Array(voxelCount(target.geometry));
  const regions = names.map((name) => compareRegion(a.get(name) ?? [], b.get(name) ?? [], target, scratch));
  return { regions, warnings: regions.flatMap((region) => difference(region, first, second)) };
}

/** ROIs with contours, by folded name. */
function byName({ rois }: StructureSet): Map<string, Roi[]> {
  const named = new Map<string, Roi[]>();
  for (const roi of rois.filter(({ contours }) => contours.length > 0)) {
    const name = foldRegionName(roi.name);
    named.set(name, [...(named.get(name) ?? []), roi]);
  }
  return named;
}

function compareRegion(
  first: readonly Roi[],
  second: readonly Roi[],
  target: MaskTarget,
  scratch: Uint8Array,
): ComparedRegion {
  const name = (first[0] ?? second[0])?.name ?? '';
  scratch.fill(0);
  mark(first, target, scratch, 1);
  mark(second, target, scratch, 2);
  const [onlyFirst, onlySecond, both] = countBits(scratch);
  const complete = first.length > 0 && second.length > 0;
  const sum = onlyFirst + onlySecond + 2 * both;
  return {
    name,
    voxels: [first.length === 0 ? null : onlyFirst + both, second.length === 0 ? null : onlySecond + both],
    differingVoxels: onlyFirst + onlySecond,
    dice: complete && sum > 0 ? (2 * both) / sum : null,
    farthestPx: complete ? outlineDistance(planesOf(first, target), planesOf(second, target)) : null,
  };
}

function mark(rois: readonly Roi[], target: MaskTarget, scratch: Uint8Array, bit: number): void {
  const [columns, rows] = target.geometry.sizeIjk;
  for (const roi of rois) {
    for (const [k, runs] of prepareRoi(roi, target, { interpolateUpToMm: 0 }).slices())
      runs.mark(scratch.subarray(k * columns * rows, (k + 1) * columns * rows), bit);
  }
}

function countBits(scratch: Uint8Array): [onlyFirst: number, onlySecond: number, both: number] {
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  for (let at = 0; at < scratch.length; at++) {
    const mark = scratch[at] as 0 | 1 | 2 | 3;
    counts[mark]++;
  }
  return [counts[1], counts[2], counts[3]];
}

function planesOf(rois: readonly Roi[], target: MaskTarget): Map<number, Polygon[]> {
  const planes = new Map<number, Polygon[]>();
  for (const { plane, polygon } of rois.flatMap((roi) => placeContours(target, roi).inPlane)) {
    planes.set(plane, [...(planes.get(plane) ?? []), polygon]);
  }
  return planes;
}

function outlineDistance(
  a: ReadonlyMap<number, Polygon[]>,
  b: ReadonlyMap<number, Polygon[]>,
): number | null {
  const oneWay = (from: ReadonlyMap<number, Polygon[]>, to: ReadonlyMap<number, Polygon[]>) =>
    [...from].flatMap(([plane, polygons]) =>
      polygons.map((polygon) => farthestVertex(polygon, to.get(plane) ?? [])),
    );
  const farthest = [...oneWay(a, b), ...oneWay(b, a)].reduce((most, distance) => Math.max(most, distance), 0);
  return Number.isFinite(farthest) ? farthest : null;
}

function difference(region: ComparedRegion, first: StructureSet, second: StructureSet): MaskWarning[] {
  const { name, voxels, farthestPx, differingVoxels } = region;
  const lacking = voxels.indexOf(null);
  if (lacking < 0 && farthestPx !== null && farthestPx <= ALLOWED_PX) return [];
  const why =
    lacking >= 0
      ? `only the ${(lacking === 0 ? second : first).format} has it`
      : farthestPx === null
        ? 'a slice is drawn in one of them only'
        : `their outlines lie up to ${farthestPx.toFixed(2)} pixels apart, ${ALLOWED_PX} are allowed`;
  return [
    {
      code: 'FormatsDiffer',
      message: `region "${name}" is not the same in ${first.format} and ${second.format}: ${why}; ${differingVoxels} voxel(s) differ`,
      region: name,
      needsReview: true,
      details: { differingVoxels, ...(farthestPx === null ? {} : { farthestPx }) },
    },
  ];
}
