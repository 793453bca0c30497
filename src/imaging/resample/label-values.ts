import { toLabels } from '../mask/nifti-regions.ts';
import type { NiftiValues } from '../nifti/nifti-header.ts';

/**
 * The values of a file as labels, without a copy where they are 8 or 16 bit unsigned numbers already.
 *
 * @throws MaskNotIntegral for values that are not whole numbers from 0 to 65,535
 */
export function labelValues(values: NiftiValues): Uint8Array | Uint16Array {
  if (values instanceof Uint8Array || values instanceof Uint16Array) return values;
  return toLabels(values);
}
