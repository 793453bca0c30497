import { PipelineError } from '../../contracts/errors.ts';
import type { Slice, SliceHeader } from '../dicom/slice.ts';
import { fromColumns, normalise, type Vec3 } from '../geometry/vector.ts';
import { createGeometry, type VolumeGeometry } from '../geometry/volume-geometry.ts';
import { stackRealWorldValues } from './real-world-values.ts';
import { type OrderedSlices, orderSlices } from './slice-order.ts';

/** A slice's place in the volume; contours find their slice by its UID. */
interface SliceReference {
  readonly k: number;
  readonly sopInstanceUid: string;
  readonly positionLps: Vec3;
}

/** One image volume in real-world values, voxels in stored order: i = column, j = row, k along the normal. */
export interface ImageVolume {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid?: string;
  readonly modality: string;
  readonly geometry: VolumeGeometry;
  readonly values: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** Unit of the values: HU for CT, Units (0054,1001) for PET, RescaleType (0028,1054) or US (unspecified) else. */
  readonly unit: string;
  /** Where the values come from: the file's rescale, or its stored values as they are. */
  readonly scaleSource: 'rescale' | 'stored';
  /** Real-world values that mark voxels outside the acquired image; absent when the series names none. */
  readonly padding?: { readonly low: number; readonly high: number };
  readonly maxStorageError: number;
  readonly slices: readonly SliceReference[];
  readonly warnings: readonly string[];
}

const SAME_COSINE = 1e-4;
const SAME_SPACING_MM = 1e-4;

/**
 * Stacks the slices of one series into a volume.
 *
 * @throws MixedSeries when slices differ in series, size, orientation, spacing, modality or frame of reference
 * @throws TooFewSlices, DegenerateOrientation, DuplicateSlicePosition, IrregularSpacing, GantryTilt, VolumeTooLarge
 */
export function stackSlices(slices: readonly Slice[]): ImageVolume {
  requireOneSeries(slices);
  const ordered = orderSlices(slices);
  const first = ordered.slices[0] as Slice;
  const { values, maxStorageError } = stackRealWorldValues(ordered.slices);
  const { padding, warnings } = realWorldPadding(ordered.slices);
  return {
    studyUid: first.studyUid,
    seriesUid: first.seriesUid,
    ...(first.frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid: first.frameOfReferenceUid }),
    modality: first.modality,
    geometry: stackGeometry(ordered),
    values,
    unit: valueUnit(first),
    scaleSource: first.rescale.fromFile ? 'rescale' : 'stored',
    ...(padding === undefined ? {} : { padding }),
    maxStorageError,
    slices: ordered.slices.map(({ sopInstanceUid, positionLps }, k) => ({ k, sopInstanceUid, positionLps })),
    warnings,
  };
}

/** Geometry of an evenly spaced upright stack (PS3.3 C.7.6.2.1.1); the k axis is the slice normal. */
function stackGeometry({ slices, normalLps, gapMm }: OrderedSlices<SliceHeader>): VolumeGeometry {
  const first = slices[0] as SliceHeader;
  const [rowGap, columnGap] = first.pixelSpacingMm;
  return createGeometry({
    sizeIjk: [first.columns, first.rows, slices.length],
    spacingMm: [columnGap, rowGap, gapMm],
    originLps: first.positionLps,
    directionLps: fromColumns(normalise(first.rowCosinesLps), normalise(first.columnCosinesLps), normalLps),
  });
}

function requireOneSeries(slices: readonly Slice[]): void {
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

function valueUnit({ modality, rescale, units }: SliceHeader): string {
  if (modality === 'CT' && rescale.fromFile) return rescale.type ?? 'HU';
  return units ?? rescale.type ?? 'US';
}

/** Padding in real-world values; slices that disagree are said so, since no single range would be true. */
function realWorldPadding(slices: readonly SliceHeader[]): Pick<ImageVolume, 'padding' | 'warnings'> {
  const ranges = slices.map(({ paddingStored, rescale: { slope, intercept } }) => {
    if (paddingStored === undefined) return undefined;
    const ends = [slope * paddingStored.low + intercept, slope * paddingStored.high + intercept];
    return { low: Math.min(...ends), high: Math.max(...ends) };
  });
  const [first] = ranges;
  const agree = ranges.every((range) => range?.low === first?.low && range?.high === first?.high);
  if (!agree) {
    return {
      warnings: [
        'PixelPaddingValue (0028,0120) differs between slices in real-world values; padding is not excluded',
      ],
    };
  }
  return first === undefined ? { warnings: [] } : { padding: first, warnings: [] };
}
