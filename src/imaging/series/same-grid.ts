import type { SliceHeader } from '../dicom/slice.ts';

const SAME_COSINE = 1e-4;
const SAME_SPACING_MM = 1e-4;

const PLAIN_ATTRIBUTES = {
  modality: 'Modality (0008,0060)',
  rows: 'Rows (0028,0010)',
  columns: 'Columns (0028,0011)',
  frameOfReferenceUid: 'FrameOfReferenceUID (0020,0052)',
  photometricInterpretation: 'PhotometricInterpretation (0028,0004)',
} as const;

/** Slices that may share a volume, with what tells them from the first group. */
export interface GridGroup<S extends SliceHeader> {
  readonly slices: readonly S[];
  /** Name and tag of the first attribute that differs from the first group's; empty for the first group. */
  readonly differs: string;
}

/** Gathers slices of one modality, size, orientation, spacing and frame of reference; the largest group first, else as they come. */
export function groupByGrid<S extends SliceHeader>(slices: readonly S[]): GridGroup<S>[] {
  const groups: S[][] = [];
  for (const slice of slices) {
    const group = groups.find(([first]) => first !== undefined && differingAttribute(first, slice) === '');
    if (group === undefined) groups.push([slice]);
    else group.push(slice);
  }
  const sorted = groups.toSorted((a, b) => b.length - a.length);
  const largest = sorted[0]?.[0];
  return sorted.map((group) => ({
    slices: group,
    differs: largest === undefined ? '' : differingAttribute(largest, group[0] as S),
  }));
}

function differingAttribute(a: SliceHeader, b: SliceHeader): string {
  const keys = Object.keys(PLAIN_ATTRIBUTES) as (keyof typeof PLAIN_ATTRIBUTES)[];
  const differing = keys.find((key) => a[key] !== b[key]);
  if (differing !== undefined) return PLAIN_ATTRIBUTES[differing];
  const sameAxes =
    near(a.rowCosinesLps, b.rowCosinesLps, SAME_COSINE) &&
    near(a.columnCosinesLps, b.columnCosinesLps, SAME_COSINE);
  if (!sameAxes) return 'ImageOrientationPatient (0020,0037)';
  return near(a.pixelSpacingMm, b.pixelSpacingMm, SAME_SPACING_MM) ? '' : 'PixelSpacing (0028,0030)';
}

function near(a: readonly number[], b: readonly number[], tolerance: number): boolean {
  return a.every((value, index) => Math.abs(value - (b[index] ?? Number.NaN)) <= tolerance);
}
