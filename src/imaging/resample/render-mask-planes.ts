import type { LabelPart, MaskResampling, WindowReach } from './plan-mask-resampling.ts';
import { PlaneResampler } from './plane-resampler.ts';
import type { SliceRange } from './render-image-planes.ts';

/** Labels together have to fill this much of a voxel for it to be foreground. */
const FOREGROUND_SHARE = 0.5;
const SHARE_TIE = 1e-5;

/**
 * Makes a run of target slices, the same whatever the run.
 *
 * @param labels - the whole source label map, i fastest
 * @param out - the run's voxels, all 0
 */
export function renderMaskPlanes(
  plan: MaskResampling,
  labels: ArrayLike<number>,
  { first, last }: SliceRange,
  out: Uint8Array | Uint16Array,
): void {
  const [columns, rows] = plan.target.sizeIjk;
  const plane = columns * rows;
  const shares = plan.parts.flatMap((part) => labelShares(part, plan, labels) ?? []);
  const winner: SliceWinner = {
    sum: new Float32Array(plane),
    best: new Float32Array(plane),
    values: new Uint16Array(plane),
  };
  for (let k = first; k < last; k++) {
    const present = shares.filter(({ reach }) => includesSlice(reach, k));
    if (present.length === 0) continue;
    for (const share of present) addShare(winner, share, k, columns);
    decideSlice(winner, out, (k - first) * plane);
  }
}

interface SliceWinner {
  readonly sum: Float32Array;
  readonly best: Float32Array;
  readonly values: Uint16Array;
}

function includesSlice({ firstTarget, weights }: WindowReach, k: number): boolean {
  return k >= firstTarget[2] && k < firstTarget[2] + weights.k.starts.length;
}

interface LabelShares {
  readonly value: number;
  readonly reach: WindowReach;
  readonly resampler: PlaneResampler;
}

/** Resampler of one label's indicator, confined to the window that holds the label. */
function labelShares(
  { value, window: { low, high }, reach }: LabelPart,
  { source }: MaskResampling,
  labels: ArrayLike<number>,
): LabelShares | undefined {
  if (reach === null) return undefined;
  const [columns, rows] = source.sizeIjk;
  const width = high[0] - low[0] + 1;
  const height = high[1] - low[1] + 1;
  const indicator = new Uint8Array(width * height);
  const resampler = new PlaneResampler(width, reach.weights, (slice) => {
    for (let row = 0; row < height; row++) {
      const from = ((slice + low[2]) * rows + row + low[1]) * columns + low[0];
      const to = row * width;
      for (let column = 0; column < width; column++)
        indicator[to + column] = labels[from + column] === value ? 1 : 0;
    }
    return indicator;
  });
  return { value, reach, resampler };
}

function addShare(
  { sum, best, values }: SliceWinner,
  { value, reach, resampler }: LabelShares,
  k: number,
  columns: number,
): void {
  const [firstColumn, firstRow, firstSlice] = reach.firstTarget;
  const fractions = resampler.slice(k - firstSlice);
  const width = resampler.columns;
  for (let row = 0; row < resampler.rows; row++) {
    const to = (row + firstRow) * columns + firstColumn;
    const from = row * width;
    for (let column = 0; column < width; column++) {
      const fraction = fractions[from + column] as number;
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
function decideSlice({ sum, best, values }: SliceWinner, out: Uint8Array | Uint16Array, at: number): void {
  for (let n = 0; n < sum.length; n++) {
    if ((sum[n] as number) >= FOREGROUND_SHARE - SHARE_TIE) out[at + n] = values[n] as number;
  }
  sum.fill(0);
  best.fill(0);
  values.fill(0);
}
