import { PipelineError } from '../contracts/errors.ts';
import type { ObjectKey, ObjectRef } from '../contracts/identifiers.ts';
import { DEFAULT_GZIP_LEVEL } from '../engine/gzip-member.ts';
import { isSmall, planPieces } from '../engine/plan-pieces.ts';
import { runJob } from '../engine/run-job.ts';
import { poolSize } from '../engine/worker-pool.ts';
import { writePieces } from '../engine/write-pieces.ts';
import type { VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';
import type { Labels } from '../imaging/mask/build-mask.ts';
import { type DecodedNifti, decodeNifti } from '../imaging/nifti/decode-nifti.ts';
import { encodeHeader } from '../imaging/nifti/encode-nifti.ts';
import { gunzipBounded } from '../imaging/nifti/gzip.ts';
import { dataTypeOf, type NiftiValues } from '../imaging/nifti/nifti-header.ts';
import type { Ports } from '../ports/index.ts';
import { NIFTI_DESCRIPTION } from './output-version.ts';

export const NIFTI_TYPE = 'application/gzip';

/** Volumes larger than this are refused before they fill the memory: 2 GiB. */
const MAX_VOLUME_BYTES = 2 * 1024 * 1024 * 1024;

/** Where a volume is stored, and the working file that it is while it is made. */
export interface VolumePlace {
  readonly project: string;
  readonly temporaryKey: ObjectKey;
}

interface VolumeInMemory {
  readonly geometry: VolumeGeometry;
  readonly values: NiftiValues;
}

/** Stores a volume or label map as `.nii.gz`, by content: equal voxels are one object. Threads pack it while it is sent. */
export async function writeVolume(
  objects: Pick<Ports['objects'], 'openBlob'>,
  { project, temporaryKey }: VolumePlace,
  volume: VolumeInMemory,
): Promise<ObjectRef> {
  const workers = isSmall(volume.geometry, volume.values.BYTES_PER_ELEMENT) ? 0 : poolSize();
  const pieces = runJob('deflate-bytes', { level: DEFAULT_GZIP_LEVEL }, deflateTasks(volume), {
    workers,
    transferOf: ({ bytes }) => [bytes.buffer as ArrayBuffer],
  });
  const upload = await objects.openBlob(project, temporaryKey, NIFTI_TYPE);
  return (await writePieces(pieces, upload, { gzip: true })).result;
}

/** The header, then planes; each piece is copied when its turn comes, so that it can move to a thread. */
function* deflateTasks({ geometry, values }: VolumeInMemory) {
  const [columns, rows, planes] = geometry.sizeIjk;
  const header = encodeHeader(geometry, dataTypeOf(values), { softwareVersion: NIFTI_DESCRIPTION });
  yield { bytes: header, isLast: false };
  for (const { first, last } of planPieces(geometry, values.BYTES_PER_ELEMENT)) {
    const piece = values.subarray(first * columns * rows, last * columns * rows);
    const bytes = new Uint8Array(piece.byteLength);
    bytes.set(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
    yield { bytes, isLast: last === planes };
  }
}

/**
 * Reads a stored volume into memory that threads share.
 *
 * @throws NotFound, DigestMismatch, VolumeTooLarge, MalformedNifti
 */
export async function readVolume(
  objects: Pick<Ports['objects'], 'read'>,
  ref: ObjectRef,
): Promise<DecodedNifti> {
  const content = gunzipBounded(await objects.read(ref), MAX_VOLUME_BYTES);
  const shared = new Uint8Array(new SharedArrayBuffer(content.length));
  shared.set(content);
  return decodeNifti(shared);
}

/** @throws MalformedNifti when the volume's values are not those of a label map */
export async function readLabels(objects: Pick<Ports['objects'], 'read'>, ref: ObjectRef): Promise<Labels> {
  const { values } = await readVolume(objects, ref);
  if (values instanceof Uint8Array || values instanceof Uint16Array) return values as Labels;
  throw new PipelineError(
    'MalformedNifti',
    `${ref.key} is not a label map: its values are neither uint8 nor uint16; prepare the session again`,
    { key: ref.key },
  );
}
