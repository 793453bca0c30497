import type { Slice } from '../dicom/slice.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { OrderedSlices } from './slice-order.ts';
import type { SliceSpacing } from './slice-spacing.ts';
import type { StackTilt } from './stack-tilt.ts';
import type { IrregularityRecord, PlaneRecipe } from './volume-plan.ts';

/** The slices of one stack with what was found out about how they lie. */
export interface MeasuredStack {
  readonly ordered: OrderedSlices<Slice>;
  readonly spacing: SliceSpacing;
  readonly tilt: StackTilt;
}

/** How a stack becomes a grid. */
export interface StackGrid {
  readonly geometry: VolumeGeometry;
  readonly planes: readonly PlaneRecipe[];
  /** Position of each acquired slice along k. */
  readonly positions: readonly number[];
  readonly irregularity?: IrregularityRecord;
  /** Planes reach beyond the acquired slices, so that they need a value for it. */
  readonly reachesOutside?: boolean;
}
