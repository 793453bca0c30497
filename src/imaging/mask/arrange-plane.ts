import { PipelineError } from '../../contracts/errors.ts';
import { boundsOf, type Polygon, ringKey } from './polygon.ts';
import { polygonArea } from './polygon-area.ts';
import { relatePolygons } from './polygon-relation.ts';
import { combinedArea, scanLines } from './scan-lines.ts';

/** A contour of one plane; `xor` contours (CLOSEDPLANAR_XOR) always combine by parity. */
export interface PlaneContour {
  readonly polygon: Polygon;
  readonly xor: boolean;
}

/** Contours of one plane sorted out: polygons of a group join by union, groups combine by parity. */
export interface ArrangedPlane {
  readonly groups: readonly (readonly Polygon[])[];
  /** Area of the combination, in square pixels. */
  readonly areaPx: number;
  /** What plain parity would have given; present when contours partly cross and a union was taken. */
  readonly parityAreaPx?: number;
  readonly duplicates: number;
}

/** A slice with more outlines than this is noise or an attack, not a drawing. */
export const MAX_CONTOURS_PER_PLANE = 1024;

/** Drops repeated contours and finds out which nest (even-odd) and which partly cross (union). */
export function arrangePlane(contours: readonly PlaneContour[]): ArrangedPlane {
  if (contours.length > MAX_CONTOURS_PER_PLANE) {
    throw new PipelineError(
      'MalformedContour',
      `a plane holds ${contours.length} contours of one region, at most ${MAX_CONTOURS_PER_PLANE} are allowed; simplify the drawing`,
      { contours: contours.length, allowed: MAX_CONTOURS_PER_PLANE },
    );
  }
  const unique = dropRepeated(contours);
  const polygons = unique.map(({ polygon }) => polygon);
  const { groupOf, depth, overlapping, crossing } = relateAll(unique);
  const groups = [...new Set(groupOf)].map((group) =>
    polygons.filter((_, index) => groupOf[index] === group),
  );
  const duplicates = contours.length - unique.length;
  if (!overlapping) return { groups, areaPx: nestedArea(polygons, depth), duplicates };
  const bounds = polygons.map(boundsOf);
  const lines = scanLines(Math.min(...bounds.map((b) => b.minY)), Math.max(...bounds.map((b) => b.maxY)));
  return {
    groups,
    areaPx: combinedArea(polygons, groupOf, lines),
    ...(crossing
      ? {
          parityAreaPx: combinedArea(
            polygons,
            polygons.map((_, index) => index),
            lines,
          ),
        }
      : {}),
    duplicates,
  };
}

function dropRepeated(contours: readonly PlaneContour[]): PlaneContour[] {
  const [only] = contours;
  if (contours.length === 1 && only !== undefined) return [only];
  const byKey = new Map(contours.map((contour) => [ringKey(contour.polygon), contour]));
  return [...byKey.values()];
}

interface Relations {
  readonly groupOf: number[];
  readonly depth: number[];
  /** Some pair shares an area without one lying inside the other, exclusive contours included. */
  readonly overlapping: boolean;
  /** Some such pair is joined by union. */
  readonly crossing: boolean;
}

/** Group of each contour (the lowest index it overlaps with, directly or through others) and how deep it nests. */
function relateAll(contours: readonly PlaneContour[]): Relations {
  let [overlapping, crossing] = [false, false];
  const groupOf = contours.map((_, index) => index);
  const depth = contours.map(() => 0);
  contours.forEach((a, i) => {
    contours.slice(i + 1).forEach((b, offset) => {
      const j = i + 1 + offset;
      const relation = relatePolygons(a.polygon, b.polygon);
      if (relation === 'first-inside') depth[i] = (depth[i] ?? 0) + 1;
      if (relation === 'second-inside') depth[j] = (depth[j] ?? 0) + 1;
      if (relation !== 'crossing' && relation !== 'touching') return;
      overlapping = true;
      if (a.xor || b.xor) return;
      joinGroups(groupOf, i, j);
      crossing ||= relation === 'crossing';
    });
  });
  return { groupOf, depth, overlapping, crossing };
}

function joinGroups(groupOf: number[], i: number, j: number): void {
  const [a, b] = [groupOf[i] ?? i, groupOf[j] ?? j];
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  groupOf.forEach((group, index) => {
    if (group === high) groupOf[index] = low;
  });
}

/** Even depths add, odd depths are holes. */
function nestedArea(polygons: readonly Polygon[], depth: readonly number[]): number {
  return polygons.reduce(
    (sum, polygon, index) => sum + ((depth[index] ?? 0) % 2 === 0 ? 1 : -1) * polygonArea(polygon),
    0,
  );
}
