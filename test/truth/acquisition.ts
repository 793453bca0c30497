/**
 * Image series whose geometry is known by construction.
 *
 * Everything is described in the frame of the acquisition, in mm: u along the rows of the image (increasing column), v
 * along its columns (increasing row), w along the normal u x v. Its origin lies at `centreLps`.
 */
import { add, cross, dot, normalise, scale, subtract, type Vec3 } from '../../src/imaging/geometry/vector.ts';

export interface AcquiredSlice {
  readonly sopInstanceUid: string;
  /** Within its instance, counted from 1. */
  readonly frame: number;
  readonly instanceNumber: number;
  /** Centre of the first pixel: u, v and w. */
  readonly originUvw: Vec3;
}

export interface Acquisition {
  readonly name: string;
  readonly seriesUid: string;
  readonly columns: number;
  readonly rows: number;
  /** Distance of columns (along u) and of rows (along v). */
  readonly spacingMm: { readonly columns: number; readonly rows: number };
  readonly centreLps: Vec3;
  readonly rowCosines: Vec3;
  readonly columnCosines: Vec3;
  readonly normal: Vec3;
  /** In ascending order of w. */
  readonly slices: readonly AcquiredSlice[];
  /** Distance of neighbouring slices along the normal where it is regular. */
  readonly sliceSpacingMm: number;
  /** HFS, FFS, HFDR ...: told to readers, not needed by any. */
  readonly patientPosition: string;
  /** The converter has to resample it: gantry tilt, missing or uneven slices. */
  readonly irregular: boolean;
  readonly tiltDegrees: number;
  /** Stored as signed numbers without intercept instead of unsigned with one. */
  readonly signed: boolean;
}

interface Description {
  readonly name: string;
  readonly columns: number;
  readonly rows: number;
  readonly spacingMm: Acquisition['spacingMm'];
  readonly sliceSpacingMm: number;
  readonly rowCosines: Vec3;
  readonly columnCosines: Vec3;
  /** Positions along the table in units of the slice spacing, ascending. */
  readonly steps: readonly number[];
  readonly tiltDegrees?: number;
  readonly patientPosition?: string;
  readonly reversedNumbers?: boolean;
}

const ROOT = '1.2.826.0.1.3680043.10.77';

export const STUDY_UID = `${ROOT}.1`;
export const FRAME_OF_REFERENCE_UID = `${ROOT}.2`;

/** Off every round number, so that no voxel centre lies on a boundary by accident. */
const CENTRE_LPS: Vec3 = [11.37, -23.71, 205.13];

function acquire(description: Description, index: number): Acquisition {
  const { name, columns, rows, spacingMm, sliceSpacingMm, steps } = description;
  const seriesUid = `${ROOT}.3.${index + 1}`;
  const tilt = ((description.tiltDegrees ?? 0) * Math.PI) / 180;
  const middle = ((steps[0] as number) + (steps.at(-1) as number)) / 2;
  const slices = steps.map((step, k) => {
    const alongTable = (step - middle) * sliceSpacingMm;
    const origin: Vec3 = [
      (-(columns - 1) / 2) * spacingMm.columns,
      (-(rows - 1) / 2) * spacingMm.rows - alongTable * Math.sin(tilt),
      alongTable * Math.cos(tilt),
    ];
    const instanceNumber = description.reversedNumbers === true ? steps.length - k : k + 1;
    return { sopInstanceUid: `${seriesUid}.${k + 1}`, frame: 1, instanceNumber, originUvw: origin };
  });
  return {
    ...{ name, seriesUid, columns, rows, spacingMm, slices, centreLps: CENTRE_LPS },
    rowCosines: description.rowCosines,
    columnCosines: description.columnCosines,
    normal: cross(description.rowCosines, description.columnCosines),
    sliceSpacingMm: sliceSpacingMm * Math.cos(tilt),
    patientPosition: description.patientPosition ?? 'HFS',
    irregular: tilt !== 0 || new Set(steps.slice(1).map((step, k) => step - (steps[k] as number))).size > 1,
    tiltDegrees: description.tiltDegrees ?? 0,
    signed: index % 2 === 0,
  };
}

/** The patient position of a point of the acquisition. */
export function toLps({ centreLps, rowCosines, columnCosines, normal }: Acquisition, [u, v, w]: Vec3): Vec3 {
  return add(centreLps, add(scale(rowCosines, u), add(scale(columnCosines, v), scale(normal, w))));
}

/** The point of the acquisition at a patient position. */
export function toUvw({ centreLps, rowCosines, columnCosines, normal }: Acquisition, lps: Vec3): Vec3 {
  const from = subtract(lps, centreLps);
  return [dot(from, rowCosines), dot(from, columnCosines), dot(from, normal)];
}

/** The same slices as frames of one enhanced multi-frame object. */
export function asEnhanced(acquisition: Acquisition): Acquisition {
  const sopInstanceUid = `${acquisition.seriesUid}.9`;
  const slices = acquisition.slices.map((slice, k) => ({ ...slice, sopInstanceUid, frame: k + 1 }));
  return { ...acquisition, slices };
}

const steps = (count: number) => Array.from({ length: count }, (_, step) => step);
const AXIAL = { rowCosines: [1, 0, 0], columnCosines: [0, 1, 0] } as const;
const SQUARE = { columns: 128, rows: 112, spacingMm: { columns: 1, rows: 1 } } as const;

/** Rows turned by 12 degrees about z, then the plane tipped by 20 degrees about its rows. */
function obliquePlane(): { readonly rowCosines: Vec3; readonly columnCosines: Vec3 } {
  const [a, b] = [(12 * Math.PI) / 180, (20 * Math.PI) / 180];
  const rowCosines = normalise([Math.cos(a), Math.sin(a), 0]);
  const across: Vec3 = [-Math.sin(a), Math.cos(a), 0];
  return { rowCosines, columnCosines: add(scale(across, Math.cos(b)), [0, 0, Math.sin(b)]) };
}

/** A gantry tipped by 15 degrees: the planes lean while the table moves straight along z. */
function tippedPlane(degrees: number): { readonly rowCosines: Vec3; readonly columnCosines: Vec3 } {
  const angle = (degrees * Math.PI) / 180;
  return { rowCosines: [1, 0, 0], columnCosines: [0, Math.cos(angle), -Math.sin(angle)] };
}

const REGULAR: readonly Description[] = [
  { name: 'axial', ...SQUARE, ...AXIAL, sliceSpacingMm: 2, steps: steps(44) },
  {
    name: 'anisotropic',
    columns: 84,
    rows: 64,
    spacingMm: { columns: 1.5, rows: 1.8 },
    ...AXIAL,
    sliceSpacingMm: 3,
    steps: steps(30),
  },
  { name: 'oblique', ...SQUARE, ...obliquePlane(), sliceSpacingMm: 3, steps: steps(30) },
  {
    name: 'sagittal',
    ...SQUARE,
    rowCosines: [0, 1, 0],
    columnCosines: [0, 0, -1],
    sliceSpacingMm: 3,
    steps: steps(30),
  },
  {
    name: 'coronal',
    ...SQUARE,
    rowCosines: [1, 0, 0],
    columnCosines: [0, 0, -1],
    sliceSpacingMm: 3,
    steps: steps(30),
  },
  {
    name: 'feet-first',
    ...SQUARE,
    rowCosines: [-1, 0, 0],
    columnCosines: [0, 1, 0],
    sliceSpacingMm: 3,
    steps: steps(30),
    patientPosition: 'FFS',
  },
  {
    name: 'decubitus',
    ...SQUARE,
    rowCosines: [0, 1, 0],
    columnCosines: [-1, 0, 0],
    sliceSpacingMm: 3,
    steps: steps(30),
    patientPosition: 'HFDR',
  },
  { name: 'reversed', ...SQUARE, ...AXIAL, sliceSpacingMm: 3, steps: steps(30), reversedNumbers: true },
];

const IRREGULAR: readonly Description[] = [
  { name: 'tilted', ...SQUARE, ...tippedPlane(15), sliceSpacingMm: 2, steps: steps(45), tiltDegrees: 15 },
  {
    name: 'gapped',
    ...SQUARE,
    ...AXIAL,
    sliceSpacingMm: 2,
    steps: steps(45).filter((step) => ![14, 24, 25].includes(step)),
  },
  {
    name: 'uneven',
    ...SQUARE,
    ...AXIAL,
    sliceSpacingMm: 1,
    // From 2 mm to 3.1 mm apart.
    steps: steps(36).map((step) => step * 2 + 0.016 * step * step),
  },
];

export const ACQUISITIONS: readonly Acquisition[] = [...REGULAR, ...IRREGULAR].map(acquire);

export function acquisitionNamed(name: string): Acquisition {
  const found = ACQUISITIONS.find((acquisition) => acquisition.name === name);
  if (found === undefined)
    throw new Error(`no acquisition "${name}"; there are ${ACQUISITIONS.map((one) => one.name).join(', ')}`);
  return found;
}
