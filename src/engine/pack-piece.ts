import { type DeflatedPiece, deflatePiece, type Packing } from './gzip-member.ts';
import type { Done } from './worker-protocol.ts';

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };
type PieceType = keyof typeof ARRAYS;

/** Memory for one piece of a NIfTI file: the header where it is the first one, and its voxels. */
export interface OpenPiece<T extends PieceType> {
  readonly content: Uint8Array<ArrayBuffer>;
  /** All 0, to be filled. */
  readonly values: InstanceType<(typeof ARRAYS)[T]>;
}

/** @param header - what precedes the first voxel; null in every piece but the first */
export function openPiece<T extends PieceType>(
  type: T,
  count: number,
  header: Uint8Array | null,
): OpenPiece<T> {
  const Values = ARRAYS[type];
  const from = header?.length ?? 0;
  const memory = new ArrayBuffer(from + count * Values.BYTES_PER_ELEMENT);
  const content = new Uint8Array(memory);
  if (header !== null) content.set(header);
  return { content, values: new Values(memory, from, count) as InstanceType<(typeof ARRAYS)[T]> };
}

/** @param packing - null leaves the content as it is */
export function packPiece(
  content: Uint8Array<ArrayBuffer>,
  packing: Packing | null,
  isLast: boolean,
): Done<DeflatedPiece> {
  const piece =
    packing === null
      ? { bytes: content, crc32: 0, length: content.length }
      : deflatePiece(content, packing, isLast);
  return { value: piece, transfer: [piece.bytes.buffer] };
}
