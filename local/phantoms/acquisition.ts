import type { Random } from './random.ts';
import { add, cross, dot, scale, subtract, turned, type Vec3 } from './vector.ts';

type Orientation = 'axial' | 'oblique' | 'feet-first';

/**
 * The grid a phantom is scanned on. Patient frame: DICOM LPS, mm. Indices i = column, j = row, k = slice,
 * zero-based, voxel centres; k rises along `normal`.
 */
export interface Acquisition {
  readonly orientation: Orientation;
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  /** mm between columns, rows and slices. */
  readonly spacing: Vec3;
  /** ImagePositionPatient of slice k = 0. */
  readonly origin: Vec3;
  /** Unit vectors of rising i, j and k. */
  readonly rowCosine: Vec3;
  readonly columnCosine: Vec3;
  readonly normal: Vec3;
  /** Where the body's own origin lies in the patient frame. */
  readonly isocentre: Vec3;
}

const COVERED_MM: Vec3 = [75, 68, 69];

/** Chooses orientation by subject number in turn, and everything else by chance. */
export function chooseAcquisition(random: Random, subject: number): Acquisition {
  const orientation =
    (['axial', 'oblique', 'feet-first', 'axial', 'oblique'] as const)[subject % 5] ?? 'axial';
  const inPlane = random.uniform(1.05, 1.5);
  const betweenRows = subject % 5 === 3 ? inPlane * 1.1 : inPlane;
  const spacing: Vec3 = [round4(inPlane), round4(betweenRows), round4(random.uniform(1.7, 2.9))];
  const [columns, rows, slices] = [
    clamp(Math.round(COVERED_MM[0] / spacing[0]), 48, 72),
    clamp(Math.round(COVERED_MM[1] / spacing[1]), 44, 64),
    clamp(Math.round(COVERED_MM[2] / spacing[2]), 24, 40),
  ];
  const { rowCosine, columnCosine } = directions(random, orientation);
  const normal = cross(rowCosine, columnCosine);
  const isocentre: Vec3 = [
    round4(random.uniform(-20, 20)),
    round4(random.uniform(-120, 120)),
    round4(random.uniform(-400, 400)),
  ];
  const corner = add(
    add(
      scale(rowCosine, (spacing[0] * (columns - 1)) / 2),
      scale(columnCosine, (spacing[1] * (rows - 1)) / 2),
    ),
    scale(normal, (spacing[2] * (slices - 1)) / 2),
  );
  const origin = subtract(isocentre, corner);
  return { orientation, columns, rows, slices, spacing, origin, rowCosine, columnCosine, normal, isocentre };
}

function directions(random: Random, orientation: Orientation): { rowCosine: Vec3; columnCosine: Vec3 } {
  if (orientation === 'feet-first') return { rowCosine: [-1, 0, 0], columnCosine: [0, 1, 0] };
  if (orientation === 'axial') return { rowCosine: [1, 0, 0], columnCosine: [0, 1, 0] };
  const degrees = Math.PI / 180;
  const aboutX = random.uniform(10, 20) * degrees * (random.uniform(0, 1) < 0.5 ? -1 : 1);
  const aboutZ = random.uniform(-8, 8) * degrees;
  return { rowCosine: turned([1, 0, 0], aboutX, aboutZ), columnCosine: turned([0, 1, 0], aboutX, aboutZ) };
}

/** Patient position of a voxel index; fractions are allowed. */
export function patientPoint(grid: Acquisition, i: number, j: number, k: number): Vec3 {
  const { origin, rowCosine: x, columnCosine: y, normal: n, spacing } = grid;
  const [a, b, c] = [i * spacing[0], j * spacing[1], k * spacing[2]];
  return [
    origin[0] + a * x[0] + b * y[0] + c * n[0],
    origin[1] + a * x[1] + b * y[1] + c * n[1],
    origin[2] + a * x[2] + b * y[2] + c * n[2],
  ];
}

/** Fractional voxel index (i, j, k) of a patient position. */
export function voxelIndex(grid: Acquisition, p: Vec3): Vec3 {
  const d = subtract(p, grid.origin);
  return [
    dot(d, grid.rowCosine) / grid.spacing[0],
    dot(d, grid.columnCosine) / grid.spacing[1],
    dot(d, grid.normal) / grid.spacing[2],
  ];
}

const round4 = (value: number): number => Math.round(value * 1e4) / 1e4;
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
