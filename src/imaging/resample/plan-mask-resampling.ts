import type { Vec3 } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import { type AxisWeights, areaWeights, cropWeights, linearWeights } from './axis-weights.ts';
import { type LabelWindow, labelWindows } from './label-window.ts';
import type { GridWeights } from './plane-resampler.ts';
import { targetGrid } from './target-grid.ts';

export interface MaskSource {
  readonly geometry: VolumeGeometry;
  /** Whole numbers from 0 to 65,535, i fastest. */
  readonly labels: ArrayLike<number>;
  /** Values in label map order: where two fill a voxel equally, the later one gets it. */
  readonly valueOrder: readonly number[];
}

/** The target voxels that a label's window reaches. */
export interface WindowReach {
  /** Source positions count from the window's low corner. */
  readonly weights: GridWeights;
  readonly firstTarget: Vec3;
}

export interface LabelPart {
  readonly value: number;
  readonly window: LabelWindow;
  /** Null when the label lies in the strip that the target grid leaves out at the far edge. */
  readonly reach: WindowReach | null;
}

/** How to resample a label map: plain data that any thread can use. */
export interface MaskResampling {
  readonly source: VolumeGeometry;
  readonly target: VolumeGeometry;
  /** In the order in which ties are won: the last one wins. */
  readonly parts: readonly LabelPart[];
}

/**
 * @param spacingMm - voxel size along i, j and k, mm
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export function planMaskResampling(
  { geometry: source, labels, valueOrder }: MaskSource,
  spacingMm: Vec3,
): MaskResampling {
  const target = targetGrid(source, spacingMm);
  const windows = labelWindows(labels, source.sizeIjk);
  const weights = ([0, 1, 2] as const).map((axis) => shareWeights(source, target, axis));
  const parts = orderedValues(valueOrder, windows).map((value) =>
    labelPart(value, windows.get(value) as LabelWindow, weights),
  );
  return { source, target, parts };
}

/** Values that the map does not list come first, so that listed ones win ties. */
function orderedValues(order: readonly number[], windows: ReadonlyMap<number, LabelWindow>): number[] {
  const present = [...windows.keys()].sort((a, b) => a - b);
  const rank = (value: number) => order.lastIndexOf(value);
  return present.sort((a, b) => rank(a) - rank(b));
}

/** Area fractions where voxels grow, linear interpolation of the indicator where they shrink. */
function shareWeights(source: VolumeGeometry, target: VolumeGeometry, axis: 0 | 1 | 2): AxisWeights {
  const ratio = target.spacingMm[axis] / source.spacingMm[axis];
  const table = ratio > 1 ? areaWeights : linearWeights;
  return table(source.sizeIjk[axis], target.sizeIjk[axis], ratio);
}

function labelPart(value: number, window: LabelWindow, weights: readonly AxisWeights[]): LabelPart {
  const [i, j, k] = weights.map((table, axis) =>
    cropWeights(table, window.low[axis] as number, window.high[axis] as number),
  );
  if (i === undefined || j === undefined || k === undefined) return { value, window, reach: null };
  const reach: WindowReach = {
    weights: { i: i.table, j: j.table, k: k.table },
    firstTarget: [i.first, j.first, k.first],
  };
  return { value, window, reach };
}
