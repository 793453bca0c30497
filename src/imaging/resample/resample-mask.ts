import type { Vec3 } from '../geometry/vector.ts';
import { type VolumeGeometry, voxelCount, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import { countValues, type Labels } from '../mask/build-mask.ts';
import { type AxisWeights, areaWeights, cropWeights, linearWeights } from './axis-weights.ts';
import { type LabelWindow, labelWindows } from './label-window.ts';
import { PlaneResampler } from './plane-resampler.ts';
import { targetGrid } from './target-grid.ts';

export interface ResampleMaskInput {
  readonly geometry: VolumeGeometry;
  readonly labels: Labels;
  /** Values in label map order: where two fill a voxel equally, the later one gets it. */
  readonly valueOrder: readonly number[];
}

/** One value before and after. */
interface ResampledRegion {
  readonly value: number;
  readonly voxelsNative: number;
  readonly voxels: number;
  readonly volumeMlNative: number;
  readonly volumeMl: number;
  /** Change of volume in percent of the native volume; -100 means the region is lost. */
  readonly driftPercent: number;
}

export interface ResampledMask {
  readonly geometry: VolumeGeometry;
  readonly labels: Labels;
  /** One entry per value that the native mask holds, in the order given. */
  readonly regions: readonly ResampledRegion[];
}

/** Labels together have to fill this much of a voxel for it to be foreground. */
const FOREGROUND_SHARE = 0.5;
const SHARE_TIE = 1e-5;

/**
 * Resamples a label map: each label's share of every target voxel (area fractions where voxels grow, linear
 * interpolation of the indicator where they shrink), then foreground where the shares add up to one half, given to
 * the label with the largest share. No value appears that was not there.
 *
 * @param spacingMm - voxel size along i, j and k, mm
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export function resampleMask(input: ResampleMaskInput, spacingMm: Vec3): ResampledMask {
  const geometry = targetGrid(input.geometry, spacingMm);
  const windows = labelWindows(input.labels, input.geometry.sizeIjk);
  const values = orderedValues(input.valueOrder, windows);
  const weights = ([0, 1, 2] as const).map((axis) => shareWeights(input.geometry, geometry, axis)) as [
    AxisWeights,
    AxisWeights,
    AxisWeights,
  ];
  const shares = values.flatMap(
    (value) => labelShares(input, value, windows.get(value) as LabelWindow, weights) ?? [],
  );
  const labels = new (input.labels instanceof Uint8Array ? Uint8Array : Uint16Array)(voxelCount(geometry));
  const plane = geometry.sizeIjk[0] * geometry.sizeIjk[1];
  const winner = {
    sum: new Float32Array(plane),
    best: new Float32Array(plane),
    values: new Uint16Array(plane),
  };
  for (let k = 0; k < geometry.sizeIjk[2]; k++) {
    const present = shares.filter((share) => k >= share.firstSlice && k < share.firstSlice + share.slices);
    if (present.length === 0) continue;
    for (const share of present) addShare(winner, share, k, geometry.sizeIjk[0]);
    decideSlice(winner, labels, k * plane);
  }
  return { geometry, labels, regions: compare(values, windows, input.geometry, { geometry, labels }) };
}

interface LabelShare {
  readonly value: number;
  readonly resampler: PlaneResampler;
  readonly firstColumn: number;
  readonly firstRow: number;
  readonly firstSlice: number;
  readonly slices: number;
}

interface SliceWinner {
  readonly sum: Float32Array;
  readonly best: Float32Array;
  readonly values: Uint16Array;
}

/** Values that the map does not list come first, so that listed ones win ties. */
function orderedValues(order: readonly number[], windows: ReadonlyMap<number, LabelWindow>): number[] {
  const present = [...windows.keys()].sort((a, b) => a - b);
  const rank = (value: number) => order.lastIndexOf(value);
  return present.sort((a, b) => rank(a) - rank(b));
}

function shareWeights(source: VolumeGeometry, target: VolumeGeometry, axis: 0 | 1 | 2): AxisWeights {
  const ratio = target.spacingMm[axis] / source.spacingMm[axis];
  const table = ratio > 1 ? areaWeights : linearWeights;
  return table(source.sizeIjk[axis], target.sizeIjk[axis], ratio);
}

/** Resampler of one label's indicator, confined to the window that holds the label. */
function labelShares(
  { labels, geometry }: ResampleMaskInput,
  value: number,
  { low, high }: LabelWindow,
  weights: readonly [AxisWeights, AxisWeights, AxisWeights],
): LabelShare | undefined {
  const i = cropWeights(weights[0], low[0], high[0]);
  const j = cropWeights(weights[1], low[1], high[1]);
  const k = cropWeights(weights[2], low[2], high[2]);
  if (i === undefined || j === undefined || k === undefined) return undefined;
  const [columns, rows] = geometry.sizeIjk;
  const width = high[0] - low[0] + 1;
  const height = high[1] - low[1] + 1;
  const read = (slice: number, into: Float32Array) => {
    for (let row = 0; row < height; row++) {
      const from = ((slice + low[2]) * rows + row + low[1]) * columns + low[0];
      for (let column = 0; column < width; column++)
        into[row * width + column] = labels[from + column] === value ? 1 : 0;
    }
  };
  const resampler = new PlaneResampler(width, height, { i: i.table, j: j.table, k: k.table }, read);
  return {
    value,
    resampler,
    firstColumn: i.first,
    firstRow: j.first,
    firstSlice: k.first,
    slices: k.table.starts.length,
  };
}

function addShare({ sum, best, values }: SliceWinner, share: LabelShare, k: number, columns: number): void {
  const { resampler, value, firstColumn, firstRow, firstSlice } = share;
  const fractions = resampler.slice(k - firstSlice);
  for (let row = 0; row < resampler.rows; row++) {
    const to = (row + firstRow) * columns + firstColumn;
    for (let column = 0; column < resampler.columns; column++) {
      const fraction = fractions[row * resampler.columns + column] as number;
      if (fraction <= 0) continue;
      const at = to + column;
      sum[at] = (sum[at] as number) + fraction;
      if (fraction < (best[at] as number) - SHARE_TIE) continue;
      best[at] = fraction;
      values[at] = value;
    }
  }
}

/** Writes one slice and leaves the scratch planes empty for the next. */
function decideSlice({ sum, best, values }: SliceWinner, labels: Labels, at: number): void {
  for (let n = 0; n < sum.length; n++) {
    if ((sum[n] as number) >= FOREGROUND_SHARE - SHARE_TIE) labels[at + n] = values[n] as number;
  }
  sum.fill(0);
  best.fill(0);
  values.fill(0);
}

function compare(
  values: readonly number[],
  windows: ReadonlyMap<number, LabelWindow>,
  native: VolumeGeometry,
  resampled: { readonly geometry: VolumeGeometry; readonly labels: Labels },
): ResampledRegion[] {
  const counts = countValues(resampled.labels);
  return values.map((value) => {
    const voxelsNative = windows.get(value)?.voxels ?? 0;
    const voxels = counts.get(value) ?? 0;
    const volumeMlNative = voxelsNative * voxelVolumeMl(native);
    const volumeMl = voxels * voxelVolumeMl(resampled.geometry);
    const driftPercent = (100 * (volumeMl - volumeMlNative)) / volumeMlNative;
    return { value, voxelsNative, voxels, volumeMlNative, volumeMl, driftPercent };
  });
}
