import { crc32 } from 'node:zlib';
import type { VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';
import { encodeHeader, type NiftiContent } from '../imaging/nifti/encode-nifti.ts';
import { DATA_TYPES, dataTypeOf, type NiftiDataType } from '../imaging/nifti/nifti-header.ts';
import type { Packing } from './gzip-member.ts';
import { isSmall, type PlaneRange, planPieces } from './plan-pieces.ts';
import { runJob } from './run-job.ts';
import { poolSize } from './worker-pool.ts';
import type { Piece } from './write-pieces.ts';

export interface PackVolumeOptions {
  /** Null leaves the bytes as they are. */
  readonly packing: Packing | null;
  /** Goes into the header's `descrip`. */
  readonly softwareVersion: string;
}

/** A volume whose planes are made when their turn comes. */
export interface VolumeInPlanes {
  readonly geometry: VolumeGeometry;
  readonly dataType: NiftiDataType;
  /** Writes planes `first` to `last` - 1 into memory that is all 0; asked for in order, each once. */
  readonly fill: (planes: Uint8Array<ArrayBuffer>, range: PlaneRange) => void;
}

/** A volume in memory as the pieces of a NIfTI file. */
export function packVolume(volume: NiftiContent, options: PackVolumeOptions): AsyncGenerator<Piece> {
  const { geometry, values } = volume;
  const planeBytes = geometry.sizeIjk[0] * geometry.sizeIjk[1] * values.BYTES_PER_ELEMENT;
  const fill: VolumeInPlanes['fill'] = (planes, { first, last }) => {
    const from = values.byteOffset + first * planeBytes;
    planes.set(new Uint8Array(values.buffer, from, (last - first) * planeBytes));
  };
  return packPlanes({ geometry, dataType: dataTypeOf(values), fill }, options);
}

/** The pieces of a NIfTI file, packed on threads and on this one while the planes of later pieces are made. */
export async function* packPlanes(
  volume: VolumeInPlanes,
  { packing, softwareVersion }: PackVolumeOptions,
): AsyncGenerator<Piece> {
  const { geometry, dataType } = volume;
  const header = encodeHeader(geometry, dataType, { softwareVersion });
  const spare: ArrayBuffer[] = [];
  const contents = contentsOf(header, volume, spare);
  if (packing === null) {
    for (const { bytes } of contents) {
      yield { bytes, crc32: crc32(bytes), length: bytes.length };
      spare.push(bytes.buffer);
    }
    return;
  }
  const workers = isSmall(geometry, DATA_TYPES[dataType][1]) ? 0 : poolSize() - 1;
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
  { geometry, dataType, fill }: VolumeInPlanes,
  spare: ArrayBuffer[],
) {
  yield { bytes: header, isLast: false };
  const [columns, rows, slices] = geometry.sizeIjk;
  const planeBytes = columns * rows * DATA_TYPES[dataType][1];
  for (const range of planPieces(geometry, DATA_TYPES[dataType][1])) {
    const length = (range.last - range.first) * planeBytes;
    const used = spare.find(({ byteLength }) => byteLength >= length);
    if (used !== undefined) spare.splice(spare.indexOf(used), 1);
    const bytes = new Uint8Array(used ?? new ArrayBuffer(length), 0, length);
    if (used !== undefined) bytes.fill(0);
    fill(bytes, range);
    yield { bytes, isLast: range.last === slices };
  }
}
