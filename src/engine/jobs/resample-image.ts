import type { NiftiValues } from '../../imaging/nifti/nifti-header.ts';
import type { ImageResampling } from '../../imaging/resample/plan-image-resampling.ts';
import { renderImagePlanes } from '../../imaging/resample/render-image-planes.ts';
import { type SliceArrival, waitForSlices } from '../arriving-nifti.ts';
import type { DeflatedPiece } from '../gzip-member.ts';
import { openPiece, packPiece } from '../pack-piece.ts';
import type { PlaneRange } from '../plan-pieces.ts';
import type { OpenJob } from '../worker-protocol.ts';

interface SharedImage {
  readonly plan: ImageResampling;
  /** In shared memory; slices are used when they have arrived. */
  readonly values: NiftiValues;
  readonly arrival: SliceArrival;
  readonly dataType: 'int16' | 'float32';
  readonly header: Uint8Array;
  /** Of gzip; null leaves the planes as they are. */
  readonly level: number | null;
}

/** Makes pieces of a resampled image's file while its source is still being read. */
export const openResampleImage: OpenJob<SharedImage, PlaneRange, DeflatedPiece> =
  async ({ plan, values, arrival, dataType, header, level }) =>
  ({ first, last }) => {
    waitForSlices(arrival, lastSourceSlice(plan, last));
    const [columns, rows, slices] = plan.target.sizeIjk;
    const piece = openPiece(dataType, columns * rows * (last - first), first === 0 ? header : null);
    renderImagePlanes(plan, values, { first, last }, piece.values);
    return packPiece(piece.content, level, last === slices);
  };

/** Source slices that the target slices before `last` read; padding may look for values in any slice. */
function lastSourceSlice({ weights: { k }, source, padding }: ImageResampling, last: number): number {
  if (padding !== undefined) return source.sizeIjk[2];
  let end = 0;
  for (let target = 0; target < last; target += 1) {
    const taps = (k.offsets[target + 1] as number) - (k.offsets[target] as number);
    end = Math.max(end, (k.starts[target] as number) + taps);
  }
  return end;
}
