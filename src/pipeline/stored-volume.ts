import { PipelineError } from '../contracts/errors.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import type { VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';
import type { Labels } from '../imaging/mask/build-mask.ts';
import { type DecodedNifti, decodeNifti } from '../imaging/nifti/decode-nifti.ts';
import { encodeNifti } from '../imaging/nifti/encode-nifti.ts';
import { gunzipBounded, gzip } from '../imaging/nifti/gzip.ts';
import type { NiftiValues } from '../imaging/nifti/nifti-header.ts';
import type { Ports } from '../ports/index.ts';
import { NIFTI_DESCRIPTION } from './output-version.ts';

/** Volumes larger than this are refused before they fill the memory: 2 GiB. */
const MAX_VOLUME_BYTES = 2 * 1024 * 1024 * 1024;
const NIFTI_TYPE = 'application/gzip';

/** Stores a volume or label map as `.nii.gz`, by content: equal voxels are one object. */
export function writeVolume(
  objects: Pick<Ports['objects'], 'writeBlob'>,
  project: string,
  volume: { readonly geometry: VolumeGeometry; readonly values: NiftiValues },
): Promise<ObjectRef> {
  const bytes = gzip(encodeNifti(volume, { softwareVersion: NIFTI_DESCRIPTION }));
  return objects.writeBlob(project, bytes, NIFTI_TYPE);
}

/** @throws NotFound, DigestMismatch, VolumeTooLarge, MalformedNifti */
export async function readVolume(
  objects: Pick<Ports['objects'], 'read'>,
  ref: ObjectRef,
): Promise<DecodedNifti> {
  return decodeNifti(gunzipBounded(await objects.read(ref), MAX_VOLUME_BYTES));
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
