import type { NiftiValues } from '../nifti/nifti-header.ts';

/** Values shown black and white. */
export interface GreyWindow {
  readonly low: number;
  readonly high: number;
}

/** Soft tissue: level 40 HU, width 400 HU. */
const SOFT_TISSUE: GreyWindow = { low: -160, high: 240 };
const SAMPLES = 200_000;

/** CT in HU is always shown as soft tissue, anything else from its 1st to its 99th percentile. */
export function greyWindow(values: NiftiValues, unit: string): GreyWindow {
  if (unit === 'HU') return SOFT_TISSUE;
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const samples: number[] = [];
  for (let at = 0; at < values.length; at += step) {
    const value = values[at] as number;
    if (Number.isFinite(value)) samples.push(value);
  }
  const sorted = Float64Array.from(samples).sort();
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))] ?? 0;
  const high = sorted[Math.ceil(0.99 * (sorted.length - 1))] ?? 1;
  return { low, high: high > low ? high : low + 1 };
}
