import type { Slice } from '../imaging/dicom/slice.ts';
import { settlePlan } from '../imaging/series/value-range.ts';
import type { VolumePlan } from '../imaging/series/volume-plan.ts';
import type { SliceRange } from './jobs/value-ranges.ts';
import { runJob } from './run-job.ts';
import { EXPLICIT_LITTLE_ENDIAN, isCompressed } from './uncompressed.ts';

/** Decoded frames of up to this size are kept between the two passes; larger ones are decoded twice. */
const MAX_KEPT_BYTES = 4 * 1024 ** 3;

export interface SettledPlan {
  /** The plan, its compressed frames decoded where that had to be done. */
  readonly plan: VolumePlan;
  readonly dataType: 'int16' | 'float32';
}

/** Decides the type of the voxels; the pixels are looked at only where BitsStored leaves it open. */
export async function settleDataType(
  plan: VolumePlan,
  options: { readonly workers?: number; readonly here?: boolean } = {},
): Promise<SettledPlan> {
  if (plan.dataType !== 'by-range') return { plan, dataType: plan.dataType };
  const places = placesFor(plan.slices);
  const tasks = plan.slices.map((_, slice) => ({ slice, keepIn: places[slice] ?? null }));
  const found: SliceRange[] = [];
  for await (const range of runJob('value-ranges', plan.slices, tasks, options)) found.push(range);
  const slices = plan.slices.map((slice, at) => decodedSlice(slice, found[at], places[at]));
  const ranges = found.map(({ range }) => range);
  const settled = settlePlan({ ...plan, slices }, ranges);
  return { plan: settled, dataType: settled.dataType };
}

/** A place in one shared slab for each compressed frame, by index of its slice. */
function placesFor(slices: readonly Slice[]): readonly (Uint8Array | undefined)[] {
  const sizes = slices.map(({ rows, columns, bitsAllocated, transferSyntaxUid }) =>
    isCompressed(transferSyntaxUid) ? (rows * columns * bitsAllocated) / 8 : 0,
  );
  const total = sizes.reduce((sum, size) => sum + aligned(size), 0);
  if (total === 0 || total > MAX_KEPT_BYTES) return [];
  const slab = new SharedArrayBuffer(total);
  let at = 0;
  return sizes.map((size) => {
    const place = size === 0 ? undefined : new Uint8Array(slab, at, size);
    at += aligned(size);
    return place;
  });
}

function aligned(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function decodedSlice(slice: Slice, found: SliceRange | undefined, place: Uint8Array | undefined): Slice {
  if (place === undefined || found === undefined || found.kept === null) return slice;
  return {
    ...slice,
    encoded: { transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, layout: found.kept, parts: [place] },
  };
}
