import { renderPlane } from '../../imaging/series/render-plane.ts';
import type { ValueRange } from '../../imaging/series/value-range.ts';
import type { VolumePlan } from '../../imaging/series/volume-plan.ts';
import { deflatePiece } from '../gzip-member.ts';
import { readyCodecs } from '../ready-codecs.ts';
import type { OpenJob } from '../worker-protocol.ts';

interface SharedRender {
  readonly plan: VolumePlan;
  readonly dataType: 'int16' | 'float32';
  /** What precedes the first voxel in the file. */
  readonly header: Uint8Array;
  /** Of gzip; null leaves the planes as they are, in a slot. */
  readonly level: number | null;
  /** Shared memory for uncompressed pieces, used in turn; empty when pieces are compressed. */
  readonly slots: readonly SharedArrayBuffer[];
}

/** Planes `first` to `last` - 1, one piece of the file. */
interface RenderTask {
  readonly piece: number;
  readonly first: number;
  readonly last: number;
}

export interface RenderedPiece {
  /** Bytes for the file: a part of the gzip member, or a view of the piece's slot. */
  readonly bytes: Uint8Array;
  readonly crc32: number;
  /** Bytes of the uncompressed file. */
  readonly length: number;
  /** Of the float32 values; null for int16, where nobody asks. */
  readonly range: ValueRange | null;
}

/** Makes pieces of a NIfTI file: decode, rescale, interpolate and deflate, without a pixel passing between threads. */
export const openRenderPlanes: OpenJob<SharedRender, RenderTask, RenderedPiece> = async (shared) => {
  await readyCodecs(shared.plan.slices);
  let scratch = new ArrayBuffer(0);
  const scratchOf = (bytes: number): ArrayBuffer => {
    if (scratch.byteLength < bytes) scratch = new ArrayBuffer(bytes);
    return scratch;
  };
  return (task) => {
    const length = pieceBytes(shared, task);
    const { level, slots } = shared;
    const memory = level === null ? slotOf(slots, task.piece) : scratchOf(length);
    const range = renderPiece(shared, task, memory);
    const content = new Uint8Array(memory, 0, length);
    if (level === null) return { value: { bytes: content, crc32: 0, length, range } };
    const isLast = task.last === shared.plan.planes.length;
    const piece = deflatePiece(content, level, isLast);
    return { value: { ...piece, range }, transfer: [piece.bytes.buffer] };
  };
};

function pieceBytes({ plan, dataType, header }: SharedRender, { first, last }: RenderTask): number {
  const [columns, rows] = plan.geometry.sizeIjk;
  const planes = (last - first) * columns * rows * (dataType === 'int16' ? 2 : 4);
  return planes + (first === 0 ? header.length : 0);
}

function slotOf(slots: readonly SharedArrayBuffer[], piece: number): SharedArrayBuffer {
  return slots[piece % slots.length] as SharedArrayBuffer;
}

function renderPiece(
  { plan, dataType, header }: SharedRender,
  { first, last }: RenderTask,
  memory: ArrayBufferLike,
): ValueRange | null {
  if (first === 0) new Uint8Array(memory).set(header);
  const [columns, rows] = plan.geometry.sizeIjk;
  const area = columns * rows;
  const from = first === 0 ? header.length : 0;
  const count = area * (last - first);
  const values =
    dataType === 'int16' ? new Int16Array(memory, from, count) : new Float32Array(memory, from, count);
  for (let k = first; k < last; k += 1)
    renderPlane(plan, k, dataType, values.subarray((k - first) * area, (k - first + 1) * area));
  return values instanceof Float32Array ? rangeOf(values) : null;
}

function rangeOf(values: Float32Array): ValueRange {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}
