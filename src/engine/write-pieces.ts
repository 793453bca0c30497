import { createHash } from 'node:crypto';
import { PipelineError } from '../contracts/errors.ts';
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
  /** Of all pieces together, before they were packed: a file with anything missing must not appear. */
  readonly contentBytes: number;
  /** Called after each piece with the number of pieces written. */
  readonly onPiece?: (written: number) => void;
}

/**
 * Writes pieces as they come, packed ones as one gzip member, and ends the sink: finished when all went well, aborted
 * when anything did not.
 *
 * @throws InternalError when pieces are missing; what making and writing them throws
 */
export async function writePieces<Result>(
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
  sink: ByteSink<Result>,
  { gzip, contentBytes, onPiece }: WritePiecesOptions,
): Promise<WrittenFile<Result>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let underWay: Promise<void> = Promise.resolve();
  const put = async (bytes: Uint8Array): Promise<void> => {
    await underWay;
    underWay = sink.write(bytes);
    // Told when the next bytes come, or at the end.
    underWay.catch(() => undefined);
    // The digest is made while the bytes are under way, and the next piece.
    hash.update(bytes);
    sizeBytes += bytes.length;
    // Pieces that are not packed lie in memory that their maker uses again.
    if (!gzip) await underWay;
  };
  try {
    const trailer = new GzipTrailer();
    let count = 0;
    let written = 0;
    if (gzip) await put(GZIP_HEADER);
    for await (const piece of pieces) {
      trailer.add(piece);
      written += piece.length;
      await put(piece.bytes);
      count += 1;
      onPiece?.(count);
    }
    requireAll(written, contentBytes);
    if (gzip) await put(trailer.bytes());
    await underWay;
  } catch (error) {
    await Promise.allSettled([underWay]);
    await sink.abort();
    throw error;
  }
  return { sizeBytes, sha256: hash.digest('hex'), result: await sink.finish() };
}

function requireAll(bytes: number, expected: number): void {
  if (bytes === expected) return;
  throw new PipelineError(
    'InternalError',
    `${bytes} bytes of an image of ${expected} were made; nothing was written: report this`,
    { bytes, expected },
  );
}
