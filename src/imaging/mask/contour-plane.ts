import { PipelineError } from '../../contracts/errors.ts';
import { add, column, cross, dot, norm, normalise, scale, subtract, type Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';

/** Points of a contour may leave their common plane by this much. */
export const PLANARITY_TOLERANCE_MM = 0.1;

/** Planes whose normals have at least this cosine, 1.15 degrees, count as parallel. */
export const PARALLEL_COSINE = 0.9998;

/** Unit normal of the slices: not the step along k, which leans where a tilted stack is written as it is. */
export function sliceNormal({ directionLps }: VolumeGeometry): Vec3 {
  return normalise(cross(column(directionLps, 0), column(directionLps, 1)));
}

/** The plane a contour was drawn in: unit normal and a point on it, LPS mm. */
export interface ContourPlane {
  readonly normalLps: Vec3;
  readonly centreLps: Vec3;
  readonly areaMm2: number;
}

/**
 * Plane of a contour by Newell's sum over its edges.
 *
 * @throws ContourNotPlanar when a point lies farther from it than {@link PLANARITY_TOLERANCE_MM}
 */
export function fitContourPlane(pointsLps: Float64Array, place: string): ContourPlane {
  const centreLps = centroid(pointsLps);
  let normal: Vec3 = [0, 0, 0];
  let previous = subtract(pointAt(pointsLps, pointsLps.length / 3 - 1), centreLps);
  for (let index = 0; index < pointsLps.length / 3; index++) {
    const current = subtract(pointAt(pointsLps, index), centreLps);
    normal = add(normal, cross(previous, current));
    previous = current;
  }
  const normalLps = normalise(normal);
  const offMm = largestOffset(pointsLps, normalLps, centreLps);
  if (norm(normal) > 0 && offMm <= PLANARITY_TOLERANCE_MM)
    return { normalLps, centreLps, areaMm2: norm(normal) / 2 };
  throw new PipelineError(
    'ContourNotPlanar',
    `${place} does not lie in one plane: a point is ${offMm.toFixed(2)} mm off, at most ${PLANARITY_TOLERANCE_MM} mm is allowed; ` +
      'draw it again on a single image',
    { offMm, allowedMm: PLANARITY_TOLERANCE_MM },
  );
}

export function pointAt(points: Float64Array, index: number): Vec3 {
  return [points[3 * index] as number, points[3 * index + 1] as number, points[3 * index + 2] as number];
}

function centroid(points: Float64Array): Vec3 {
  let sum: Vec3 = [0, 0, 0];
  for (let index = 0; index < points.length / 3; index++) sum = add(sum, pointAt(points, index));
  return scale(sum, 3 / points.length);
}

function largestOffset(points: Float64Array, normalLps: Vec3, centreLps: Vec3): number {
  let largest = 0;
  for (let index = 0; index < points.length / 3; index++) {
    largest = Math.max(largest, Math.abs(dot(subtract(pointAt(points, index), centreLps), normalLps)));
  }
  return largest;
}
