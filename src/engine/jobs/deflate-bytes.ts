import { type DeflatedPiece, deflatePiece, type Packing } from '../gzip-member.ts';
import type { OpenJob } from '../worker-protocol.ts';

interface DeflateTask {
  /** In memory of their own, which moves with them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isLast: boolean;
}

interface DeflatedBytes extends DeflatedPiece {
  /** The memory that the content came in, to be used again. */
  readonly memory: ArrayBuffer;
}

/** Packs pieces of content that is in memory already, such as a label map. */
export const openDeflateBytes: OpenJob<{ readonly packing: Packing }, DeflateTask, DeflatedBytes> =
  async ({ packing }) =>
  ({ bytes, isLast }) => {
    const piece = deflatePiece(bytes, packing, isLast);
    return { value: { ...piece, memory: bytes.buffer }, transfer: [piece.bytes.buffer, bytes.buffer] };
  };
