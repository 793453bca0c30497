import { affineFrom, applyAffine, invertAffine, type Mat4 } from '../geometry/affine.ts';
import { column, cross, dot, fromColumns, normalise, scale, type Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';

/**
 * Coordinates of planes that cut through the slices: x and y in the plane, z from plane to plane, counted in voxels from
 * voxel (0, 0, 0) and ascending with the grid axes that they follow most closely. For sagittal planes on an axial series
 * they are row, slice and column, so ties are decided where those of the slices are.
 */
export interface CrossPlaneFrame {
  readonly toIjk: Mat4;
  readonly fromLps: Mat4;
  /** Length of a step along x, y and z, in mm. */
  readonly unitMm: Vec3;
  /** How far a voxel reaches along z, in steps: 1 for the planes of the grid itself. */
  readonly voxelDepth: number;
}

/** @param normalLps - unit normal of the planes, of either sense */
export function crossPlaneFrame(normalLps: Vec3, geometry: VolumeGeometry): CrossPlaneFrame {
  const { affineIjkToLps, directionLps, spacingMm } = geometry;
  const axes = ([0, 1, 2] as const).map((axis) => column(directionLps, axis));
  const cosines = axes.map((axis) => Math.abs(dot(axis, normalLps)));
  // The axis that the normal follows, and of the other two first the one that lies in the planes best.
  const [x, y, z] = [0, 1, 2].sort((a, b) => (cosines[a] as number) - (cosines[b] as number)) as [
    number,
    number,
    number,
  ];
  const alongZ = ascending(normalLps, axes[z] as Vec3);
  const alongY = ascending(normalise(cross(alongZ, axes[x] as Vec3)), axes[y] as Vec3);
  const alongX = ascending(normalise(cross(alongY, alongZ)), axes[x] as Vec3);
  const spacing = (axis: number) => spacingMm[axis] as number;
  const unitMm: Vec3 = [spacing(x), spacing(y), spacing(z) * (cosines[z] as number)];
  const toLps = affineFrom(
    fromColumns(scale(alongX, unitMm[0]), scale(alongY, unitMm[1]), scale(alongZ, unitMm[2])),
    applyAffine(affineIjkToLps, [0, 0, 0]),
  );
  const depthMm = cosines.reduce((sum, cosine, axis) => sum + spacing(axis) * cosine, 0);
  return {
    toIjk: after(invertAffine(affineIjkToLps), toLps),
    fromLps: invertAffine(toLps),
    unitMm,
    voxelDepth: depthMm / unitMm[2],
  };
}

function ascending(direction: Vec3, axis: Vec3): Vec3 {
  return dot(direction, axis) < 0 ? scale(direction, -1) : direction;
}

/** The affine that does first the one, then the other. */
function after(second: Mat4, first: Mat4): Mat4 {
  const place = (point: Vec3) => applyAffine(second, applyAffine(first, point));
  const origin = place([0, 0, 0]);
  const step = (point: Vec3) =>
    place(point).map((value, n) => value - (origin[n] as number)) as unknown as Vec3;
  return affineFrom(fromColumns(step([1, 0, 0]), step([0, 1, 0]), step([0, 0, 1])), origin);
}
