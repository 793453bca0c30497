import { column, type Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';

type Axis = 0 | 1 | 2;

/** A voxel axis as it runs across a picture. */
export interface DisplayAxis {
  readonly axis: Axis;
  /** Whether the index rises to the left or upwards. */
  readonly reversed: boolean;
  /** Orientation letters at the left (top) and right (bottom) end. */
  readonly letters: readonly [string, string];
}

/** A plane of constant index along one voxel axis, turned as pictures are usually shown. */
export interface DisplayPlane {
  readonly name: 'axial' | 'coronal' | 'sagittal';
  readonly normal: Axis;
  readonly horizontal: DisplayAxis;
  readonly vertical: DisplayAxis;
}

/** Patient axes of LPS: x is R to L, y A to P, z F to H. */
const ENDS = [
  ['R', 'L'],
  ['A', 'P'],
  ['F', 'H'],
] as const;
const PLANE_OF = ['sagittal', 'coronal', 'axial'] as const;
/** A direction this far along a second patient axis carries its letter, too. */
const SECOND_LETTER = 0.35;

/**
 * Axial, coronal and sagittal plane of a volume, each along voxel axes: R to the left, A to the left or on top, H on top
 * as near as the axes come.
 */
export function displayPlanes(geometry: VolumeGeometry): readonly DisplayPlane[] {
  const patientAxisOf = matchAxes(geometry);
  const voxelAxisOf = (patientAxis: number) => patientAxisOf.indexOf(patientAxis as Axis) as Axis;
  const axis = (patientAxis: number, isVertical: boolean): DisplayAxis => {
    const voxelAxis = voxelAxisOf(patientAxis);
    const direction = column(geometry.directionLps, voxelAxis);
    const upwards = isVertical && patientAxis === 2;
    const reversed = (direction[patientAxis as Axis] as number) < 0 !== upwards;
    const [low, high] = [letters(direction, -1), letters(direction, 1)];
    return { axis: voxelAxis, reversed, letters: reversed ? [high, low] : [low, high] };
  };
  return [2, 1, 0].map((normal) => {
    const [across, down] = [0, 1, 2].filter((patientAxis) => patientAxis !== normal) as [number, number];
    return {
      name: PLANE_OF[normal] as DisplayPlane['name'],
      normal: voxelAxisOf(normal),
      horizontal: axis(across, false),
      vertical: axis(down, true),
    };
  });
}

const PERMUTATIONS: readonly (readonly [Axis, Axis, Axis])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** The patient axis of each voxel axis, each used once. */
function matchAxes({ directionLps }: VolumeGeometry): readonly [Axis, Axis, Axis] {
  const closeness = (patientAxes: readonly Axis[]) =>
    patientAxes.reduce<number>(
      (sum, patientAxis, axis) => sum + Math.abs(column(directionLps, axis as Axis)[patientAxis]),
      0,
    );
  return PERMUTATIONS.reduce((best, other) => (closeness(other) > closeness(best) + 1e-9 ? other : best));
}

/** One or two letters of where a direction (times `sign`) points, the larger part first. */
function letters(direction: Vec3, sign: 1 | -1): string {
  const parts = direction
    .map((cosine, axis) => ({ cosine: cosine * sign, ends: ENDS[axis] as readonly [string, string] }))
    .sort((a, b) => Math.abs(b.cosine) - Math.abs(a.cosine));
  return parts
    .filter(({ cosine }, rank) => rank === 0 || (rank === 1 && Math.abs(cosine) > SECOND_LETTER))
    .map(({ cosine, ends }) => (cosine < 0 ? ends[0] : ends[1]))
    .join('');
}
