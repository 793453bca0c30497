import { PipelineError } from '../../contracts/errors.ts';
import type { SliceHeader } from '../dicom/slice.ts';

const SAME_COSINE = 1e-4;
const SAME_SPACING_MM = 1e-4;

/** @throws MixedSeries when slices differ in series, size, orientation, spacing, modality or frame of reference. */
export function requireOneGrid(slices: readonly SliceHeader[]): void {
  const [first] = slices;
  if (first === undefined) return;
  for (const slice of slices) {
    const differing = differingAttribute(first, slice);
    if (differing === undefined) continue;
    throw new PipelineError(
      'MixedSeries',
      `the slices do not form one volume: ${differing} differs between them; select the images of a single series`,
      { attribute: differing },
    );
  }
}

function differingAttribute(a: SliceHeader, b: SliceHeader): string | undefined {
  const plain = [
    'seriesUid',
    'rows',
    'columns',
    'modality',
    'frameOfReferenceUid',
    'photometricInterpretation',
  ] as const;
  const names = {
    seriesUid: 'SeriesInstanceUID (0020,000E)',
    rows: 'Rows (0028,0010)',
    columns: 'Columns (0028,0011)',
    modality: 'Modality (0008,0060)',
    frameOfReferenceUid: 'FrameOfReferenceUID (0020,0052)',
    photometricInterpretation: 'PhotometricInterpretation (0028,0004)',
  };
  const differing = plain.find((key) => a[key] !== b[key]);
  if (differing !== undefined) return names[differing];
  const sameAxes =
    near(a.rowCosinesLps, b.rowCosinesLps, SAME_COSINE) &&
    near(a.columnCosinesLps, b.columnCosinesLps, SAME_COSINE);
  if (!sameAxes) return 'ImageOrientationPatient (0020,0037)';
  return near(a.pixelSpacingMm, b.pixelSpacingMm, SAME_SPACING_MM) ? undefined : 'PixelSpacing (0028,0030)';
}

function near(a: readonly number[], b: readonly number[], tolerance: number): boolean {
  return a.every((value, index) => Math.abs(value - (b[index] ?? Number.NaN)) <= tolerance);
}
