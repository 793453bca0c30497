import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import { renderPlane } from './render-plane.ts';
import { storedRange } from './stored-range.ts';
import { maxStorageError, settlePlan } from './value-range.ts';
import type { SliceReference, VolumePlan } from './volume-plan.ts';

/** One image volume in real-world values, in memory; voxels i fastest, then j, then k. */
export interface ImageVolume {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid?: string;
  readonly modality: string;
  readonly geometry: VolumeGeometry;
  /** Int16 when every value is an integer that fits, Float32 otherwise. */
  readonly values: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** Unit of the values: HU for CT, Units (0054,1001) for PET, RescaleType (0028,1054) or US (unspecified) else. */
  readonly unit: string;
  readonly scaleSource: VolumePlan['scaleSource'];
  /** Real-world values that mark voxels outside the acquired image; absent when the series names none. */
  readonly padding?: { readonly low: number; readonly high: number };
  /** Largest error that storing the values can have caused, in their unit. */
  readonly maxStorageError: number;
  readonly slices: readonly SliceReference[];
  readonly warnings: readonly string[];
}

/** Makes a whole volume in one thread. */
export function renderVolume(planned: VolumePlan): ImageVolume {
  const ranges = planned.dataType === 'int16' ? [] : planned.slices.map(storedRange);
  const plan = settlePlan(planned, ranges);
  const { dataType } = plan;
  const [columns, rows, planes] = plan.geometry.sizeIjk;
  const area = columns * rows;
  const values = dataType === 'int16' ? new Int16Array(area * planes) : new Float32Array(area * planes);
  for (let k = 0; k < planes; k++) {
    renderPlane(plan, k, dataType, values.subarray(k * area, (k + 1) * area));
  }
  const { studyUid, seriesUid, modality, geometry, unit, scaleSource, warnings } = plan;
  return {
    studyUid,
    seriesUid,
    ...(plan.frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid: plan.frameOfReferenceUid }),
    modality,
    geometry,
    values,
    unit,
    scaleSource,
    ...(plan.padding === undefined ? {} : { padding: plan.padding }),
    maxStorageError: maxStorageError(plan, dataType, ranges),
    slices: plan.references,
    warnings,
  };
}
