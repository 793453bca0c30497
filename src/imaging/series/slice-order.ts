import { PipelineError } from '../../contracts/errors.ts';
import type { SliceHeader } from '../dicom/slice.ts';
import { isOrientation, ORIENTATION_TOLERANCE } from '../geometry/right-angles.ts';
import { cross, dot, norm, normalise, scale, subtract, type Vec3 } from '../geometry/vector.ts';

/** Slices from the first to the last along the normal. */
export interface OrderedSlices<S extends SliceHeader> {
  readonly slices: readonly S[];
  /** Unit vector, row cosines x column cosines, LPS. */
  readonly normalLps: Vec3;
  /** Of each slice from the first one along the normal, mm; ascending from 0. */
  readonly distancesMm: readonly number[];
  /** Where each slice's first voxel lies beside the normal through that of the first slice, LPS mm. */
  readonly sidewaysLps: readonly Vec3[];
}

/**
 * Orders slices of one orientation by ImagePositionPatient (0020,0032) along the normal.
 *
 * InstanceNumber is never consulted.
 *
 * @throws TooFewSlices, DegenerateOrientation
 */
export function orderSlices<S extends SliceHeader>(slices: readonly S[]): OrderedSlices<S> {
  const [any] = slices;
  if (any === undefined) throw noSlices();
  const anyNormal = sliceNormal(any);
  const along = (slice: S) => dot(slice.positionLps, anyNormal);
  const ordered = slices.toSorted((a, b) => along(a) - along(b));
  const first = ordered[0] as S;
  // Cosines may differ in their last digits from slice to slice: the first slice's are those of the grid.
  const normalLps = sliceNormal(first);
  const offsets = ordered.map(({ positionLps }) => subtract(positionLps, first.positionLps));
  return {
    slices: ordered,
    normalLps,
    distancesMm: offsets.map((offset) => dot(offset, normalLps)),
    sidewaysLps: offsets.map((offset) => subtract(offset, scale(normalLps, dot(offset, normalLps)))),
  };
}

/** @throws DegenerateOrientation when ImageOrientationPatient is not two orthogonal unit vectors. */
function sliceNormal({ rowCosinesLps, columnCosinesLps }: SliceHeader): Vec3 {
  if (!isOrientation(rowCosinesLps, columnCosinesLps)) {
    const lengths = [norm(rowCosinesLps), norm(columnCosinesLps)];
    const skew = dot(rowCosinesLps, columnCosinesLps);
    throw new PipelineError(
      'DegenerateOrientation',
      `ImageOrientationPatient (0020,0037) is not two orthogonal unit vectors: lengths ${lengths.join(' and ')}, ` +
        `dot product ${skew}, tolerance ${ORIENTATION_TOLERANCE}; export the series again`,
      { lengths, dotProduct: skew },
    );
  }
  return normalise(cross(rowCosinesLps, columnCosinesLps));
}

export function noSlices(): PipelineError {
  return new PipelineError(
    'TooFewSlices',
    'the series holds no image slice; select a series with at least one',
    { slices: 0 },
  );
}
