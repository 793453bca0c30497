import { type DeflatedPiece, deflatePiece } from '../gzip-member.ts';
import type { OpenJob } from '../worker-protocol.ts';

interface DeflateTask {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** Packs pieces of content that is in memory already, such as a label map. */
export const openDeflateBytes: OpenJob<{ readonly level: number }, DeflateTask, DeflatedPiece> =
  async ({ level }) =>
  ({ bytes, isLast }) => {
    const piece = deflatePiece(bytes, level, isLast);
    return { value: piece, transfer: [piece.bytes.buffer] };
  };
