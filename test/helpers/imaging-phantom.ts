import type { Contour, PatientContour, StructureSet } from '../../src/imaging/contour/structure-set.ts';
import { applyAffine } from '../../src/imaging/geometry/affine.ts';
import {
  add,
  column,
  cross,
  dot,
  fromColumns,
  normalise,
  scale,
  type Vec3,
} from '../../src/imaging/geometry/vector.ts';
import {
  createGeometry,
  type VolumeGeometry,
  voxelCount,
} from '../../src/imaging/geometry/volume-geometry.ts';
import type { MaskTarget } from '../../src/imaging/mask/mask-target.ts';

/** Grids that differ in orientation and voxel shape; each is centred on the patient origin. */
export const GRIDS: readonly { name: string; geometry: VolumeGeometry }[] = [
  { name: 'axial', geometry: centredGrid([64, 64, 32], [1, 1, 1], [1, 0, 0], [0, 1, 0]) },
  { name: 'anisotropic', geometry: centredGrid([60, 50, 20], [0.9, 1.3, 3], [1, 0, 0], [0, 1, 0]) },
  { name: 'feet-first', geometry: centredGrid([64, 60, 30], [1, 1.1, 1.5], [-1, 0, 0], [0, 1, 0]) },
  { name: 'sagittal', geometry: centredGrid([60, 64, 40], [1.2, 1, 1.4], [0, 1, 0], [0, 0, -1]) },
  { name: 'coronal', geometry: centredGrid([60, 64, 40], [1.2, 1, 1.4], [1, 0, 0], [0, 0, -1]) },
  { name: 'oblique', geometry: obliqueGrid() },
];

function obliqueGrid(): VolumeGeometry {
  const row = normalise([Math.cos(0.21), Math.sin(0.21), 0.15]);
  const columnAxis = normalise(cross(normalise([0.2, -0.1, 1]), row));
  return centredGrid([64, 70, 30], [1.1, 0.9, 1.7], row, columnAxis);
}

export function centredGrid(sizeIjk: Vec3, spacingMm: Vec3, row: Vec3, columnAxis: Vec3): VolumeGeometry {
  const directionLps = fromColumns(row, columnAxis, cross(row, columnAxis));
  const half = [0, 1, 2].map((axis) =>
    scale(
      column(directionLps, axis as 0 | 1 | 2),
      (-(sizeIjk[axis] as number) + 1) * 0.5 * (spacingMm[axis] as number),
    ),
  );
  return createGeometry({ sizeIjk, spacingMm, directionLps, originLps: half.reduce(add, [0, 0, 0]) });
}

const SERIES_UID = '1.2.826.0.1.3680043.10.1';
const STUDY_UID = '1.2.826.0.1.3680043.10.2';
const FRAME_UID = '1.2.826.0.1.3680043.10.3';

export function sliceUid(k: number): string {
  return `${SERIES_UID}.${k + 1}`;
}

export function targetOf(geometry: VolumeGeometry): MaskTarget {
  const slices = Array.from({ length: geometry.sizeIjk[2] }, (_, k) => ({ k, sopInstanceUid: sliceUid(k) }));
  return { seriesUid: SERIES_UID, frameOfReferenceUid: FRAME_UID, geometry, slices };
}

/** Points in column/row space of slice k, as a contour in the patient. */
export function contourOnSlice(
  geometry: VolumeGeometry,
  k: number,
  points: readonly (readonly [number, number])[],
): PatientContour {
  const lps = points.flatMap(([i, j]) => applyAffine(geometry.affineIjkToLps, [i, j, k]));
  const slice = Math.round(k);
  const named = slice >= 0 && slice < geometry.sizeIjk[2] ? { sopInstanceUid: sliceUid(slice) } : {};
  return { geometricType: 'CLOSED_PLANAR', pointsLps: Float64Array.from(lps), ...named };
}

/** Sections of a sphere at every slice, as polygons in the patient whose area equals the circle's. */
export function sphereContours(
  geometry: VolumeGeometry,
  centre: Vec3,
  radiusMm: number,
  vertices = 720,
): PatientContour[] {
  const normal = column(geometry.directionLps, 2);
  const [row, columnAxis] = [column(geometry.directionLps, 0), column(geometry.directionLps, 1)];
  return Array.from({ length: geometry.sizeIjk[2] }, (_, k) => k).flatMap((k) => {
    const plane = applyAffine(geometry.affineIjkToLps, [0, 0, k]);
    const offset = dot(plane, normal) - dot(centre, normal);
    if (Math.abs(offset) >= radiusMm) return [];
    const circle = Math.sqrt(radiusMm ** 2 - offset ** 2);
    const middle = add(centre, scale(normal, offset));
    const points = Array.from({ length: vertices }, (_, n) => {
      const angle = (2 * Math.PI * (n + 0.25)) / vertices;
      return add(
        middle,
        add(scale(row, circle * Math.cos(angle)), scale(columnAxis, circle * Math.sin(angle))),
      );
    });
    return [
      {
        geometricType: 'CLOSED_PLANAR',
        pointsLps: Float64Array.from(points.flat()),
        sopInstanceUid: sliceUid(k),
      },
    ];
  });
}

export function structureSet(rois: Readonly<Record<string, readonly Contour[]>>): StructureSet {
  return {
    format: 'RTSTRUCT',
    sopInstanceUid: '1.2.826.0.1.3680043.10.4',
    studyUid: STUDY_UID,
    referencedSeriesUids: [SERIES_UID],
    frameOfReferenceUid: FRAME_UID,
    rois: Object.entries(rois).map(([name, contours], index) => ({ number: index + 1, name, contours })),
  };
}

/** Voxels whose centre fulfils a condition, in the patient (LPS mm) or by index, one byte each. */
export function voxelsWhere(
  geometry: VolumeGeometry,
  inside: (point: Vec3, ijk: Vec3) => boolean,
): Uint8Array {
  const [columns, rows, slices] = geometry.sizeIjk;
  const bits = new Uint8Array(voxelCount(geometry));
  let at = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at++) {
        const ijk: Vec3 = [i, j, k];
        bits[at] = inside(applyAffine(geometry.affineIjkToLps, ijk), ijk) ? 1 : 0;
      }
    }
  }
  return bits;
}

/** Dice overlap of a label's voxels with a truth of zeros and ones. */
export function dice(labels: ArrayLike<number>, value: number, truth: Uint8Array): number {
  let [both, sum] = [0, 0];
  for (let at = 0; at < truth.length; at++) {
    const [a, b] = [labels[at] === value ? 1 : 0, truth[at] as number];
    both += a & b;
    sum += a + b;
  }
  return sum === 0 ? 1 : (2 * both) / sum;
}

/** Even-odd test of a point against a closed polygon, the plain textbook way. */
export function insidePolygon(points: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  points.forEach(([x1, y1], index) => {
    const [x0, y0] = points.at(index - 1) as readonly [number, number];
    if (y0 > y !== y1 > y && x < x0 + ((x1 - x0) * (y - y0)) / (y1 - y0)) inside = !inside;
  });
  return inside;
}

export function polygonPoints(
  centre: readonly [number, number],
  radius: number,
  vertices = 360,
): readonly (readonly [number, number])[] {
  return Array.from({ length: vertices }, (_, n) => {
    const angle = (2 * Math.PI * (n + 0.25)) / vertices;
    return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle)] as const;
  });
}
