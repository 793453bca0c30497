import { countValues } from '../../imaging/mask/count-values.ts';
import type { MaskResampling } from '../../imaging/resample/plan-mask-resampling.ts';
import { renderMaskPlanes } from '../../imaging/resample/render-mask-planes.ts';
import type { DeflatedPiece, Packing } from '../gzip-member.ts';
import { openPiece, packPiece } from '../pack-piece.ts';
import type { PlaneRange } from '../plan-pieces.ts';
import type { OpenJob } from '../worker-protocol.ts';

interface SharedMask {
  readonly plan: MaskResampling;
  /** In shared memory. */
  readonly labels: Uint8Array | Uint16Array;
  readonly dataType: 'uint8' | 'uint16';
  readonly header: Uint8Array;
  /** Null leaves the planes as they are. */
  readonly packing: Packing | null;
}

export interface ResampledMaskPiece extends DeflatedPiece {
  /** Voxels of each value in the piece. */
  readonly counts: ReadonlyMap<number, number>;
}

/** Makes pieces of a resampled label map's file and counts what is in them. */
export const openResampleMask: OpenJob<SharedMask, PlaneRange, ResampledMaskPiece> =
  async ({ plan, labels, dataType, header, packing }) =>
  ({ first, last }) => {
    const [columns, rows, slices] = plan.target.sizeIjk;
    const piece = openPiece(dataType, columns * rows * (last - first), first === 0 ? header : null);
    renderMaskPlanes(plan, labels, { first, last }, piece.values);
    const counts = countValues(piece.values);
    const { value, transfer = [] } = packPiece(piece.content, packing, last === slices);
    return { value: { ...value, counts }, transfer };
  };
