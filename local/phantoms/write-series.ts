import type { PhantomTruth } from './phantom-truth.ts';
import type { Random } from './random.ts';
import type { Structures } from './structures.ts';
import { writeCtSlice } from './write-ct.ts';

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PhantomScan {
  /** Series number, which XNAT uses as the scan's id. */
  readonly scanId: string;
  readonly seriesUid: string;
  readonly seriesDescription: string;
  /** In file name order, which is not slice order. */
  readonly files: readonly NamedBytes[];
}

interface SeriesRequest {
  readonly seriesNumber: string;
  /** Says who the patient is and which UIDs the images carry. */
  readonly structures: Pick<Structures, 'patientId' | 'patientName' | 'series'>;
  readonly truth: Pick<PhantomTruth, 'grid' | 'hounsfield' | 'storage'>;
  readonly random: Random;
}

/** One CT series whose InstanceNumbers and file names both say nothing about the order of its slices. */
export function writeSeries({ seriesNumber, structures, truth, random }: SeriesRequest): PhantomScan {
  const { series, patientId, patientName } = structures;
  const { grid, storage } = truth;
  const inOrder = series.sopInstanceUids.map((_, k) => k + 1);
  const instanceNumbers = random.shuffle(inOrder);
  const fileNumbers = random.shuffle(inOrder);
  const perSlice = grid.rows * grid.columns;
  const files = series.sopInstanceUids.map((sopInstanceUid, k): NamedBytes => {
    const instanceNumber = instanceNumbers[k] ?? 0;
    const slice = { grid, k, instanceNumber, seriesNumber, storage, sopInstanceUid, patientId, patientName };
    return {
      name: `CT.${seriesNumber}.${String(fileNumbers[k]).padStart(4, '0')}.dcm`,
      bytes: writeCtSlice(
        { ...slice, ...series },
        truth.hounsfield.subarray(k * perSlice, (k + 1) * perSlice),
      ),
    };
  });
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  const { seriesUid } = series;
  return { scanId: seriesNumber, seriesUid, seriesDescription: 'Phantom abdomen', files };
}
