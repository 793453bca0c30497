import { PipelineError } from '../contracts/errors.ts';
import type { ObjectKey, ObjectRef } from '../contracts/identifiers.ts';
import type { ByteSink } from '../engine/byte-sink.ts';
import type { Labels } from '../imaging/mask/label-type.ts';
import { type DecodedNifti, decodeNifti } from '../imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../imaging/nifti/gzip.ts';
import type { Ports } from '../ports/index.ts';

export const NIFTI_TYPE = 'application/gzip';

/** Volumes larger than this are refused before they fill the memory: 2 GiB. */
const MAX_VOLUME_BYTES = 2 * 1024 * 1024 * 1024;

/** Where a volume is stored, and the working file that it is while it is made. */
export interface VolumePlace {
  readonly project: string;
  readonly temporaryKey: ObjectKey;
}

/** Where the bytes of a volume go; it is stored by their digest when they are complete. */
export function openVolume(
  objects: Pick<Ports['objects'], 'openBlob'>,
  { project, temporaryKey }: VolumePlace,
): Promise<ByteSink<ObjectRef>> {
  return objects.openBlob(project, temporaryKey, NIFTI_TYPE);
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
