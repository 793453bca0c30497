import { type DeflatedPiece, deflatePiece, type Packing } from '../gzip-member.ts';
import type { OpenJob } from '../worker-protocol.ts';

interface DeflateTask {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** Packs pieces of content that is in memory already, such as a label map. */
export const openDeflateBytes: OpenJob<{ readonly packing: Packing }, DeflateTask, DeflatedPiece> =
  async ({ packing }) =>
  ({ bytes, isLast }) => {
    const piece = deflatePiece(bytes, packing, isLast);
    return { value: piece, transfer: [piece.bytes.buffer] };
  };
