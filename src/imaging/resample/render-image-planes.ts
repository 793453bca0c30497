import type { NiftiValues } from '../nifti/nifti-header.ts';
import { fillPadding } from './fill-padding.ts';
import type { ImageResampling, PaddingRange } from './plan-image-resampling.ts';
import { PlaneResampler } from './plane-resampler.ts';

/** Target slices `first` to `last` - 1. */
export interface SliceRange {
  readonly first: number;
  readonly last: number;
}

/** Below this share of acquired voxels a target voxel is padding itself. */
const ENOUGH_ACQUIRED = 0.5;
/** The weights of a voxel add up to 1 but for rounding. */
const ALL_ACQUIRED = 1 - 1e-6;
const INT16_LOW = -32768;
const INT16_HIGH = 32767;

/**
 * Makes a run of target slices, the same whatever the run.
 *
 * @param values - the whole source image, i fastest
 * @param out - the run's voxels; int16 takes rounded values, kept within its range
 */
export function renderImagePlanes(
  plan: ImageResampling,
  values: NiftiValues,
  { first, last }: SliceRange,
  out: Int16Array | Float32Array,
): void {
  const [columns, rows] = plan.target.sizeIjk;
  const slices = slicesOf(plan, values);
  for (let k = first; k < last; k++) {
    const at = (k - first) * columns * rows;
    if (out instanceof Int16Array) roundInto(out, at, slices(k));
    else out.set(slices(k), at);
  }
}

function roundInto(out: Int16Array, at: number, from: Float32Array): void {
  for (let n = 0; n < from.length; n++) {
    const rounded = Math.floor((from[n] as number) + 0.5);
    out[at + n] = Math.min(INT16_HIGH, Math.max(INT16_LOW, rounded));
  }
}

function slicesOf(plan: ImageResampling, values: NiftiValues): (k: number) => Float32Array {
  const { padding, source, weights, shareWeights, interpolation } = plan;
  const [columns, rows] = source.sizeIjk;
  const plane = columns * rows;
  const stored = (k: number) => values.subarray(k * plane, (k + 1) * plane);
  const plain = new PlaneResampler(columns, weights, stored);
  if (padding === undefined) return (k) => plain.slice(k);
  const [acquiredPlane, filledPlane] = [new Uint8Array(plane), new Float32Array(plane)];
  const shares = new PlaneResampler(columns, shareWeights, (k) => {
    markAcquired(stored(k), padding, acquiredPlane);
    return acquiredPlane;
  });
  const filled = new PlaneResampler(columns, weights, (k) => {
    if (interpolation === 'bspline') fillPadding(stored, source.sizeIjk, k, padding, filledPlane);
    else zeroPadding(stored(k), padding, filledPlane);
    return filledPlane;
  });
  // A spline is drawn through values without holes; linear sums leave the holes out and are scaled.
  const scaled = interpolation !== 'bspline';
  return (k) => excludePadding(filled.slice(k), shares.slice(k), padding.low, scaled);
}

function markAcquired(from: NiftiValues, { low, high }: PaddingRange, into: Uint8Array): void {
  for (let n = 0; n < into.length; n++) {
    const value = from[n] as number;
    into[n] = value >= low && value <= high ? 0 : 1;
  }
}

function zeroPadding(from: NiftiValues, { low, high }: PaddingRange, into: Float32Array): void {
  for (let n = 0; n < into.length; n++) {
    const value = from[n] as number;
    into[n] = value >= low && value <= high ? 0 : value;
  }
}

function excludePadding(
  image: Float32Array,
  shares: Float32Array,
  paddingValue: number,
  scaled: boolean,
): Float32Array {
  return image.map((value, at) => {
    const share = shares[at] as number;
    if (share < ENOUGH_ACQUIRED) return paddingValue;
    return scaled && share < ALL_ACQUIRED ? value / share : value;
  });
}
