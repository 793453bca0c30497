import { PipelineError } from '../../../../src/contracts/errors.ts';
import type { Slice, StoredPixels } from '../../../../src/imaging/dicom/slice.ts';
import type { ImageVolume } from '../../../../src/imaging/series/image-volume.ts';
import { renderVolume } from '../../../../src/imaging/series/image-volume.ts';
import { planSeries } from '../../../../src/imaging/series/plan-series.ts';
import type { PlanOptions, VolumePlan } from '../../../../src/imaging/series/volume-plan.ts';

export const SERIES_UID = '1.2.826.0.1.3680043.10.1';

type SliceChanges = Partial<Omit<Slice, 'encoded'>> & { readonly pixels?: StoredPixels };

/** A slice of 3 columns x 2 rows of signed 16-bit samples at (0, 0, 0), as if read from a file. */
export function makeSlice({ pixels, ...changes }: SliceChanges = {}): Slice {
  const stored = pixels ?? Int16Array.of(0, 1, 2, 3, 4, 5);
  const layout = {
    rows: changes.rows ?? 2,
    columns: changes.columns ?? 3,
    bitsAllocated: changes.bitsAllocated ?? 8 * stored.BYTES_PER_ELEMENT,
    bitsStored: changes.bitsStored ?? 8 * stored.BYTES_PER_ELEMENT,
    highBit: changes.highBit ?? 8 * stored.BYTES_PER_ELEMENT - 1,
    signed: changes.signed ?? ['Int8Array', 'Int16Array', 'Int32Array'].includes(stored.constructor.name),
  };
  const transferSyntaxUid = '1.2.840.10008.1.2.1';
  return {
    ...layout,
    transferSyntaxUid,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid: `${SERIES_UID}.1`,
    frame: 1,
    studyUid: '1.2.826.0.1.3680043.10.2',
    seriesUid: SERIES_UID,
    frameOfReferenceUid: '1.2.826.0.1.3680043.10.3',
    modality: 'CT',
    imageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    photometricInterpretation: 'MONOCHROME2',
    positionLps: [0, 0, 0],
    rowCosinesLps: [1, 0, 0],
    columnCosinesLps: [0, 1, 0],
    pixelSpacingMm: [1, 1],
    sliceThicknessMm: 2,
    rescale: { slope: 1, intercept: 0, fromFile: true },
    acquisition: {},
    ...changes,
    encoded: {
      transferSyntaxUid,
      layout,
      parts: [new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)],
    },
  };
}

/** Slices `gapMm` apart along z with UIDs of their own; `changes` may move them. */
export function makeSeries(
  count: number,
  changes: (k: number) => SliceChanges = () => ({}),
  gapMm = 2.5,
): Slice[] {
  return Array.from({ length: count }, (_, k) =>
    makeSlice({
      sopInstanceUid: `${SERIES_UID}.${k + 1}`,
      positionLps: [0, 0, k * gapMm],
      acquisition: { instanceNumber: count - k },
      ...changes(k),
    }),
  );
}

/** The only volume that comes of a series. */
export function planOne(slices: readonly Slice[], options: PlanOptions = {}): VolumePlan {
  const { volumes } = planSeries(slices, options);
  if (volumes.length !== 1) throw new Error(`${volumes.length} volumes`);
  return volumes[0] as VolumePlan;
}

export function renderOne(slices: readonly Slice[], options: PlanOptions = {}): ImageVolume {
  return renderVolume(planOne(slices, options));
}

/** Code of the error that a function throws; `no error` when it does not. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}
