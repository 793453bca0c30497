import type { Mat4 } from '../geometry/affine.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { ArrangedPlane } from './arrange-plane.ts';
import { boundsOf, type Polygon } from './polygon.ts';
import { combinedArea, scanLines } from './scan-lines.ts';

/** What of a region's contours lies beside the images, where no voxel can take it. */
export interface Overhang {
  /** Contours that would have taken a voxel there. */
  readonly contours: number;
  /** Area of their planes beyond the outer edge of the voxels. */
  readonly areaMm2: number;
}

/** The points (x, y) of a plane with `a + b x + c y >= 0`; its value is the distance from the edge in voxels. */
type HalfPlane = readonly [a: number, b: number, c: number];

/** A contour reaches the centre of the first voxel that is not there half a voxel beyond the edge of the last one. */
const REACHES_A_VOXEL = -0.5 - 1e-6;

/** Of contours in the slices. */
export function inPlaneOverhang(
  planes: readonly ArrangedPlane[],
  { sizeIjk: [columns, rows], spacingMm }: VolumeGeometry,
): Overhang {
  const edges: HalfPlane[] = [
    [0.5, 1, 0],
    [columns - 0.5, -1, 0],
    [0.5, 0, 1],
    [rows - 0.5, 0, -1],
  ];
  return total(planes.map((plane) => overhangOf(plane, edges, spacingMm[0] * spacingMm[1])));
}

/**
 * Of a plane across the slices.
 *
 * @param toIjk - from x and y of the plane, at `z`, to columns, rows and slices
 */
export function crossPlaneOverhang(
  plane: ArrangedPlane,
  { toIjk, z, pixelMm2 }: { readonly toIjk: Mat4; readonly z: number; readonly pixelMm2: number },
  { sizeIjk }: VolumeGeometry,
): Overhang {
  const edges = sizeIjk.flatMap((size, axis): HalfPlane[] => {
    const [b, c, perZ, shift] = toIjk.slice(4 * axis, 4 * axis + 4) as [number, number, number, number];
    const a = perZ * z + shift;
    return [
      [a + 0.5, b, c],
      [size - 0.5 - a, -b, -c],
    ];
  });
  return overhangOf(plane, edges, pixelMm2);
}

export function total(overhangs: readonly Overhang[]): Overhang {
  return overhangs.reduce(
    (sum, { contours, areaMm2 }) => ({ contours: sum.contours + contours, areaMm2: sum.areaMm2 + areaMm2 }),
    { contours: 0, areaMm2: 0 },
  );
}

function overhangOf(
  { groups, areaPx }: ArrangedPlane,
  edges: readonly HalfPlane[],
  pixelMm2: number,
): Overhang {
  const polygons = groups.flat();
  const contours = polygons.filter((polygon) => reachesOut(polygon, edges)).length;
  if (contours === 0) return { contours, areaMm2: 0 };
  const inside = groups.flatMap((group, index) =>
    group.map((polygon) => ({ polygon: edges.reduce(clip, polygon), index })),
  );
  return { contours, areaMm2: Math.max(0, areaPx - areaOf(inside)) * pixelMm2 };
}

function areaOf(members: readonly { readonly polygon: Polygon; readonly index: number }[]): number {
  const drawn = members.filter(({ polygon }) => polygon.length >= 6);
  const bounds = drawn.map(({ polygon }) => boundsOf(polygon));
  const minY = bounds.reduce((least, b) => Math.min(least, b.minY), Number.POSITIVE_INFINITY);
  const maxY = bounds.reduce((most, b) => Math.max(most, b.maxY), Number.NEGATIVE_INFINITY);
  if (!(maxY > minY)) return 0;
  return combinedArea(
    drawn.map(({ polygon }) => polygon),
    drawn.map(({ index }) => index),
    scanLines(minY, maxY),
  );
}

/** By the corners of its box first, which rules out nearly all contours. */
function reachesOut(polygon: Polygon, edges: readonly HalfPlane[]): boolean {
  const { minX, maxX, minY, maxY } = boundsOf(polygon);
  return edges.some((edge) => {
    const [a, b, c] = edge;
    const least = a + Math.min(b * minX, b * maxX) + Math.min(c * minY, c * maxY);
    return least < REACHES_A_VOXEL && leastValue(polygon, edge) < REACHES_A_VOXEL;
  });
}

function leastValue(polygon: Polygon, [a, b, c]: HalfPlane): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < polygon.length; at += 2)
    least = Math.min(least, a + b * (polygon[at] as number) + c * (polygon[at + 1] as number));
  return least;
}

/** The part of a polygon within a half-plane; parts of one outline stay joined along the edge, where they enclose nothing. */
function clip(polygon: Polygon, [a, b, c]: HalfPlane): Polygon {
  const kept: number[] = [];
  let [x0, y0] = [polygon.at(-2) ?? 0, polygon.at(-1) ?? 0];
  let value0 = a + b * x0 + c * y0;
  for (let at = 0; at < polygon.length; at += 2) {
    const [x1, y1] = [polygon[at] as number, polygon[at + 1] as number];
    const value1 = a + b * x1 + c * y1;
    if (value0 >= 0 !== value1 >= 0) {
      const share = value0 / (value0 - value1);
      kept.push(x0 + share * (x1 - x0), y0 + share * (y1 - y0));
    }
    if (value1 >= 0) kept.push(x1, y1);
    [x0, y0, value0] = [x1, y1, value1];
  }
  return Float64Array.from(kept);
}
