import { PipelineError } from '../../contracts/errors.ts';
import { type DataSet, readNumbers, requireNumbers } from './data-set.ts';
import { IMAGE } from './image-attributes.ts';
import type { SliceHeader } from './slice.ts';

/** Where a plane lies and how it is sampled. */
export type Plane = Pick<
  SliceHeader,
  | 'positionLps'
  | 'rowCosinesLps'
  | 'columnCosinesLps'
  | 'pixelSpacingMm'
  | 'sliceThicknessMm'
  | 'spacingBetweenSlicesMm'
>;

/** Where the parts of a plane are: all the file's data set when it is classic, functional groups when it is enhanced. */
export interface PlaneSources {
  readonly position: DataSet;
  readonly orientation: DataSet;
  readonly measures: DataSet;
}

/**
 * Reads where a plane lies.
 *
 * @throws MissingAttribute, DegenerateOrientation when PixelSpacing is not positive.
 */
export function readPlane({ position, orientation, measures }: PlaneSources): Plane {
  const [x = 0, y = 0, z = 0] = requireNumbers(position, IMAGE.position, 3);
  const [rx = 0, ry = 0, rz = 0, cx = 0, cy = 0, cz = 0] = requireNumbers(orientation, IMAGE.orientation, 6);
  const [rowGap = 0, columnGap = 0] = requireNumbers(measures, IMAGE.pixelSpacing, 2);
  if (rowGap <= 0 || columnGap <= 0) {
    throw new PipelineError(
      'DegenerateOrientation',
      `PixelSpacing (0028,0030) is ${rowGap} x ${columnGap} mm; both must be greater than 0: export the series again`,
      { pixelSpacingMm: [rowGap, columnGap] },
    );
  }
  const [sliceThicknessMm] = readNumbers(measures, IMAGE.sliceThickness) ?? [];
  const [spacingBetweenSlicesMm] = readNumbers(measures, IMAGE.spacingBetweenSlices) ?? [];
  return {
    positionLps: [x, y, z],
    rowCosinesLps: [rx, ry, rz],
    columnCosinesLps: [cx, cy, cz],
    pixelSpacingMm: [rowGap, columnGap],
    ...(sliceThicknessMm === undefined ? {} : { sliceThicknessMm }),
    ...(spacingBetweenSlicesMm === undefined ? {} : { spacingBetweenSlicesMm }),
  };
}
