import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { openFileSink } from '../../engine/file-sink.ts';
import { planPieces } from '../../engine/plan-pieces.ts';
import { runJob } from '../../engine/run-job.ts';
import { type Piece, writePieces } from '../../engine/write-pieces.ts';
import type { VolumeGeometry } from '../../imaging/geometry/volume-geometry.ts';
import type { Labels } from '../../imaging/mask/label-canvas.ts';
import { encodeHeader } from '../../imaging/nifti/encode-nifti.ts';

/** Long runs of equal values: level 4 and its search for better matches takes four times as long and gains nothing. */
const LABEL_GZIP_LEVEL = 3;

/** Writes a label map as `.nii.gz`, or as `.nii` when the path ends so; the file appears when it is complete. */
export async function writeLabels(
  path: string,
  geometry: VolumeGeometry,
  labels: Labels,
  softwareVersion: string,
): Promise<void> {
  const header = encodeHeader(geometry, labels instanceof Uint8Array ? 'uint8' : 'uint16', {
    softwareVersion,
  });
  const contents = [header, ...planes(geometry, labels)];
  const gzip = path.toLowerCase().endsWith('.gz');
  await mkdir(dirname(path), { recursive: true });
  const sink = await openFileSink(path);
  await writePieces(gzip ? packed(contents) : plain(contents), sink, { gzip });
}

function planes(geometry: VolumeGeometry, labels: Labels): Uint8Array[] {
  const bytesPerPlane = geometry.sizeIjk[0] * geometry.sizeIjk[1] * labels.BYTES_PER_ELEMENT;
  return planPieces(geometry, labels.BYTES_PER_ELEMENT).map(
    ({ first, last }) =>
      new Uint8Array(
        labels.buffer,
        labels.byteOffset + first * bytesPerPlane,
        (last - first) * bytesPerPlane,
      ),
  );
}

function packed(contents: readonly Uint8Array[]): AsyncIterable<Piece> {
  const tasks = contents.map((bytes, index) => ({ bytes, isLast: index === contents.length - 1 }));
  return runJob('deflate-bytes', { level: LABEL_GZIP_LEVEL }, tasks, { workers: 0 });
}

async function* plain(contents: readonly Uint8Array[]): AsyncGenerator<Piece> {
  for (const bytes of contents) yield { bytes, crc32: crc32(bytes), length: bytes.length };
}
