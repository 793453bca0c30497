import { createHash } from 'node:crypto';
import type { ByteSink } from './byte-sink.ts';
import { GZIP_HEADER, GzipTrailer } from './gzip-member.ts';

/** A part of the file in order: `length` bytes of it, packed or not. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly crc32: number;
  readonly length: number;
}

export interface WrittenFile<Result> {
  readonly sizeBytes: number;
  /** Of the file as it is stored, compressed or not. */
  readonly sha256: string;
  readonly result: Result;
}

export interface WritePiecesOptions {
  readonly gzip: boolean;
  /** Called after each piece with the number of pieces written. */
  readonly onPiece?: (written: number) => void;
}

/**
 * Writes pieces as they come, packed ones as one gzip member, and ends the sink: finished when all went well, aborted
 * when anything did not.
 */
export async function writePieces<Result>(
  pieces: AsyncIterable<Piece>,
  sink: ByteSink<Result>,
  { gzip, onPiece }: WritePiecesOptions,
): Promise<WrittenFile<Result>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const put = async (bytes: Uint8Array): Promise<void> => {
    const written = sink.write(bytes);
    // The digest is made while the bytes are under way.
    hash.update(bytes);
    sizeBytes += bytes.length;
    await written;
  };
  try {
    const trailer = new GzipTrailer();
    let count = 0;
    if (gzip) await put(GZIP_HEADER);
    for await (const piece of pieces) {
      trailer.add(piece);
      await put(piece.bytes);
      count += 1;
      onPiece?.(count);
    }
    if (gzip) await put(trailer.bytes());
  } catch (error) {
    await sink.abort();
    throw error;
  }
  return { sizeBytes, sha256: hash.digest('hex'), result: await sink.finish() };
}
