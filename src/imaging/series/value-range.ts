import { PipelineError } from '../../contracts/errors.ts';
import type { SliceHeader } from '../dicom/slice.ts';
import { extentOf } from './extent.ts';
import type { VolumePlan } from './volume-plan.ts';

/** Real-world values from the least to the largest, both included. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

const INT16_MIN = -32768;
const INT16_MAX = 32767;
const FLOAT32_MAX = 3.4028234663852886e38;

/** Range that BitsStored allows a slice, without a look at its pixels. */
function possibleRange(slice: SliceHeader): ValueRange {
  const { bitsStored, signed } = slice;
  const low = signed ? -(2 ** (bitsStored - 1)) : 0;
  const high = signed ? 2 ** (bitsStored - 1) - 1 : 2 ** bitsStored - 1;
  return rescaleRange(slice, { low, high });
}

/**
 * Type of a volume before its pixels are decoded: int16 for integral values that BitsStored keeps within it, float32 for
 * others, `by-range` where only the pixels can tell.
 *
 * @throws ValueOutOfRange when float32 cannot hold what slope and intercept make of a value
 */
export function plannedDataType(slices: readonly SliceHeader[]): VolumePlan['dataType'] {
  slices.forEach(requireFloat32);
  if (!slices.every(hasIntegralRescale)) return 'float32';
  return slices.every((slice) => fitsInt16(possibleRange(slice))) ? 'int16' : 'by-range';
}

function requireFloat32(slice: SliceHeader): void {
  const { low, high } = possibleRange(slice);
  if (low >= -FLOAT32_MAX && high <= FLOAT32_MAX) return;
  const { slope, intercept } = slice.rescale;
  throw new PipelineError(
    'ValueOutOfRange',
    `RescaleSlope (0028,1053) ${slope} and RescaleIntercept (0028,1052) ${intercept} make values beyond ${FLOAT32_MAX}; ` +
      'correct them and export the series again',
    { slope, intercept, allowed: FLOAT32_MAX },
  );
}

function decideDataType(plan: VolumePlan, ranges: readonly ValueRange[]): 'int16' | 'float32' {
  if (plan.dataType !== 'by-range') return plan.dataType;
  return plan.slices.every(hasIntegralRescale) && ranges.every(fitsInt16) ? 'int16' : 'float32';
}

/** A plan whose type no longer depends on its pixels. */
export type SettledPlan = VolumePlan & { readonly dataType: 'int16' | 'float32' };

/**
 * The plan with everything decided that only pixels can tell: its type, and the value of voxels outside every slice.
 *
 * @param ranges of all slices, by `storedRange`; needed for a plan `by-range` only
 */
export function settlePlan(plan: VolumePlan, ranges: readonly ValueRange[]): SettledPlan {
  const dataType = decideDataType(plan, ranges);
  if (plan.fill !== 'minimum') return { ...plan, dataType };
  return { ...plan, dataType, fill: extentOf(ranges.map(({ low }) => low))[0] };
}

/**
 * Largest error that storing can cause, in the unit of the values: half a unit in the last place of the largest float32,
 * 0.5 for interpolated values rounded to integers, 0 for copied integers. Without `ranges` the largest value is what
 * BitsStored allows.
 */
export function maxStorageError(
  plan: VolumePlan,
  dataType: 'int16' | 'float32',
  ranges: readonly ValueRange[] = [],
): number {
  if (dataType === 'int16') return isMixed(plan) ? 0.5 : 0;
  const known = ranges.length > 0 ? ranges : plan.slices.map(possibleRange);
  const largest = known.reduce((most, { low, high }) => Math.max(most, Math.abs(low), Math.abs(high)), 0);
  return largest === 0 ? 0 : 2 ** (Math.floor(Math.log2(largest)) - 24);
}

/** Some plane is not a plain copy of a slice. */
function isMixed({ planes }: VolumePlan): boolean {
  return planes.some(({ sources }) =>
    sources.some(({ weight, shiftPx }) => weight !== 1 || !shiftPx.every(Number.isInteger)),
  );
}

/** Real-world values of a range of stored ones. */
export function rescaleRange(
  { rescale: { slope, intercept } }: SliceHeader,
  { low, high }: ValueRange,
): ValueRange {
  const ends = [slope * low + intercept, slope * high + intercept] as const;
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

function hasIntegralRescale({ rescale: { slope, intercept } }: SliceHeader): boolean {
  return Number.isInteger(slope) && Number.isInteger(intercept);
}

export function fitsInt16({ low, high }: ValueRange): boolean {
  return low >= INT16_MIN && high <= INT16_MAX;
}
