import { encodeHeader, type NiftiContent } from '../imaging/nifti/encode-nifti.ts';
import { dataTypeOf } from '../imaging/nifti/nifti-header.ts';
import type { Packing } from './gzip-member.ts';
import { packPiece } from './pack-piece.ts';
import { isSmall, planPieces } from './plan-pieces.ts';
import { runJob } from './run-job.ts';
import { poolSize } from './worker-pool.ts';
import type { Piece } from './write-pieces.ts';

export interface PackVolumeOptions {
  /** Null leaves the bytes as they are. */
  readonly packing: Packing | null;
  /** Goes into the header's `descrip`. */
  readonly softwareVersion: string;
}

/** A volume in memory as the pieces of a NIfTI file, packed on threads and on this one. */
export async function* packVolume(
  volume: NiftiContent,
  { packing, softwareVersion }: PackVolumeOptions,
): AsyncGenerator<Piece> {
  const { geometry, values } = volume;
  const header = encodeHeader(geometry, dataTypeOf(values), { softwareVersion });
  const spare: ArrayBuffer[] = [];
  const contents = contentsOf(header, volume, spare);
  if (packing === null) {
    for (const { bytes, isLast } of contents) {
      yield packPiece(bytes, packing, isLast).value;
      spare.push(bytes.buffer);
    }
    return;
  }
  const workers = isSmall(geometry, values.BYTES_PER_ELEMENT) ? 0 : poolSize() - 1;
  const transferOf = ({ bytes }: { bytes: Uint8Array<ArrayBuffer> }) => [bytes.buffer];
  for await (const { memory, ...piece } of runJob('deflate-bytes', { packing }, contents, {
    workers,
    here: true,
    transferOf,
  })) {
    spare.push(memory);
    yield piece;
  }
}

/**
 * The header, then planes.
 *
 * @param spare - memory that was used and is free again: new memory costs more than what is written to it
 */
function* contentsOf(
  header: Uint8Array<ArrayBuffer>,
  { geometry, values }: NiftiContent,
  spare: ArrayBuffer[],
) {
  yield { bytes: header, isLast: false };
  const [columns, rows, slices] = geometry.sizeIjk;
  const planeBytes = columns * rows * values.BYTES_PER_ELEMENT;
  for (const { first, last } of planPieces(geometry, values.BYTES_PER_ELEMENT)) {
    const length = (last - first) * planeBytes;
    const used = spare.find(({ byteLength }) => byteLength >= length);
    if (used !== undefined) spare.splice(spare.indexOf(used), 1);
    const bytes = new Uint8Array(used ?? new ArrayBuffer(length), 0, length);
    bytes.set(new Uint8Array(values.buffer, values.byteOffset + first * planeBytes, length));
    yield { bytes, isLast: last === slices };
  }
}
