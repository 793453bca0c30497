import type { Slice } from '../dicom/slice.ts';
import { decodeFrame } from '../dicom/stored-pixels.ts';
import { interpolatePlane } from './interpolate-plane.ts';
import { rescaleInto } from './rescale.ts';
import type { PlaneSource, VolumePlan } from './volume-plan.ts';

/**
 * Real-world values of one plane of the output grid: decodes, rescales and, where the recipe says so, interpolates.
 *
 * Pure, and needs nothing but the plan, so that any thread can make any plane. A plan `by-range` goes through `settlePlan`
 * first.
 *
 * @param k plane of the output grid, from 0
 * @param out columns x rows values of the plane, i fastest; int16 where the plan says so, else float32
 * @throws what decoding finds: CorruptPixelData, TruncatedDicom, DecompressionBomb
 */
export function renderPlane(
  plan: VolumePlan,
  k: number,
  dataType: 'int16' | 'float32',
  out: Int16Array | Float32Array,
): void {
  if (plan.dataType !== dataType) throw new Error(`the plan says ${plan.dataType}, not ${dataType}`);
  const { sources } = plan.planes[k] ?? { sources: [] };
  const slice = copiedSlice(plan, sources);
  if (slice === undefined) interpolatePlane(plan, sources, out);
  else rescaleInto(out, decodeFrame(slice.encoded, out), slice.rescale);
}

/** The slice that a plane is a plain copy of; undefined when it is mixed or shifted. */
function copiedSlice({ slices, geometry }: VolumePlan, sources: readonly PlaneSource[]): Slice | undefined {
  const [only, second] = sources;
  if (only === undefined || second !== undefined) return undefined;
  const slice = slices[only.slice] as Slice;
  const whole = slice.columns === geometry.sizeIjk[0] && slice.rows === geometry.sizeIjk[1];
  return whole && only.shiftPx[0] === 0 && only.shiftPx[1] === 0 ? slice : undefined;
}
