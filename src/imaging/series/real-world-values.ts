import { PipelineError } from '../../contracts/errors.ts';
import type { Slice } from '../dicom/slice.ts';
import { decodeFrame } from '../dicom/stored-pixels.ts';

/** Real-world values of a volume and what they mean. */
export interface RealWorldValues {
  /** Int16 when every value is an integer that fits, Float32 otherwise. */
  readonly values: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** Largest error that storing as float32 can cause, in the unit of the values; 0 for int16. */
  readonly maxStorageError: number;
}

/** Enough for 1,500 slices of 1024 x 1024; more would not fit a stage's memory. */
const MAX_VOXELS = 1_610_612_736;

const INT16_MIN = -32768;
const INT16_MAX = 32767;

/**
 * Applies each slice's own rescale and stacks the slices in the order given (i fastest, then j, then k).
 *
 * @throws VolumeTooLarge when the volume would hold more than {@link MAX_VOXELS} voxels.
 */
export function stackRealWorldValues(slices: readonly Slice[]): RealWorldValues {
  const plane = (slices[0]?.rows ?? 0) * (slices[0]?.columns ?? 0);
  requireVoxelLimit(plane * slices.length);
  const range = slices.every(hasIntegralRescale) ? valueRange(slices) : undefined;
  const fits = range !== undefined && range.low >= INT16_MIN && range.high <= INT16_MAX;
  const values = fits ? new Int16Array(plane * slices.length) : new Float32Array(plane * slices.length);
  slices.forEach((slice, k) => {
    rescaleInto(values, k * plane, slice);
  });
  return { values, maxStorageError: fits ? 0 : float32Error(values) };
}

function requireVoxelLimit(voxels: number): void {
  if (voxels <= MAX_VOXELS) return;
  throw new PipelineError(
    'VolumeTooLarge',
    `the series would make a volume of ${voxels} voxels, at most ${MAX_VOXELS} are allowed; select fewer slices`,
    { voxels, allowed: MAX_VOXELS },
  );
}

function hasIntegralRescale({ rescale: { slope, intercept } }: Slice): boolean {
  return Number.isInteger(slope) && Number.isInteger(intercept);
}

function rescaleInto(values: Int16Array | Float32Array, at: number, slice: Slice): void {
  const stored = decodeFrame(slice.encoded);
  const { slope, intercept } = slice.rescale;
  if (slope === 1 && intercept === 0) {
    values.set(stored, at);
    return;
  }
  for (let n = 0; n < stored.length; n++) values[at + n] = slope * (stored[n] as number) + intercept;
}

/** Range of the real-world values; what BitsStored cannot exceed is not looked for among the pixels. */
function valueRange(slices: readonly Slice[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const slice of slices) {
    const { slope, intercept } = slice.rescale;
    const [least, most] = storedRange(slice);
    low = Math.min(low, slope * least + intercept, slope * most + intercept);
    high = Math.max(high, slope * least + intercept, slope * most + intercept);
  }
  return { low, high };
}

function storedRange(slice: Slice): readonly [number, number] {
  const { bitsStored, signed, rescale } = slice;
  const least = signed ? -(2 ** (bitsStored - 1)) : 0;
  const most = signed ? 2 ** (bitsStored - 1) - 1 : 2 ** bitsStored - 1;
  const ends = [least, most].map((end) => rescale.slope * end + rescale.intercept);
  if (ends.every((end) => end >= INT16_MIN && end <= INT16_MAX)) return [least, most];
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const stored = decodeFrame(slice.encoded);
  for (let at = 0; at < stored.length; at++) {
    const value = stored[at] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Half a unit in the last place of the largest magnitude. */
function float32Error(values: Int16Array | Float32Array): number {
  let largest = 0;
  for (let at = 0; at < values.length; at++) {
    const magnitude = Math.abs(values[at] as number);
    if (magnitude > largest) largest = magnitude;
  }
  return largest === 0 ? 0 : 2 ** (Math.floor(Math.log2(largest)) - 24);
}
