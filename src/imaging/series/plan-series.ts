import { PipelineError } from '../../contracts/errors.ts';
import type { Slice, SliceHeader } from '../dicom/slice.ts';
import { fromColumns, normalise } from '../geometry/vector.ts';
import { createGeometry, type VolumeGeometry, voxelCount } from '../geometry/volume-geometry.ts';
import { requireOneGrid } from './same-grid.ts';
import { type OrderedSlices, orderSlices } from './slice-order.ts';
import { describeValues } from './value-meaning.ts';
import { plannedDataType } from './value-range.ts';
import type { PlanOptions, SeriesPlan, VolumePlan } from './volume-plan.ts';

/** Enough for 1,500 slices of 1024 x 1024; more would not fit a stage's memory. */
const MAX_VOXELS = 1_610_612_736;

/**
 * Decides which volumes the slices of one series make, before a pixel is decoded.
 *
 * @throws MixedSeries when slices differ in series, size, orientation, spacing, modality or frame of reference
 * @throws TooFewSlices, DegenerateOrientation, DuplicateSlicePosition, IrregularSpacing, GantryTilt, VolumeTooLarge
 */
export function planSeries(slices: readonly Slice[], _options: PlanOptions = {}): SeriesPlan {
  requireOneGrid(slices);
  const volume = planVolume(orderSlices(slices));
  return { seriesUid: volume.seriesUid, volumes: [volume], rejected: [] };
}

function planVolume(ordered: OrderedSlices<Slice>): VolumePlan {
  const { slices } = ordered;
  const first = slices[0] as Slice;
  const geometry = stackGeometry(ordered);
  requireVoxelLimit(voxelCount(geometry));
  return {
    studyUid: first.studyUid,
    seriesUid: first.seriesUid,
    ...(first.frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid: first.frameOfReferenceUid }),
    modality: first.modality,
    geometry,
    slices,
    references: slices.map(({ sopInstanceUid, frame, positionLps }, k) => ({
      k,
      sopInstanceUid,
      frame,
      positionLps,
    })),
    planes: slices.map((_, slice) => ({ sources: [{ slice, weight: 1, shiftPx: [0, 0] }] })),
    dataType: plannedDataType(slices),
    ...describeValues(slices),
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

function requireVoxelLimit(voxels: number): void {
  if (voxels <= MAX_VOXELS) return;
  throw new PipelineError(
    'VolumeTooLarge',
    `the series would make a volume of ${voxels} voxels, at most ${MAX_VOXELS} are allowed; select fewer slices`,
    { voxels, allowed: MAX_VOXELS },
  );
}
