import type { ObjectRef } from '../../src/contracts/identifiers.ts';
import { DEFAULT_GZIP_LEVEL } from '../../src/engine/gzip-member.ts';
import { packVolume } from '../../src/engine/pack-volume.ts';
import { writePieces } from '../../src/engine/write-pieces.ts';
import { imageBytes, type NiftiContent } from '../../src/imaging/nifti/encode-nifti.ts';
import { dataTypeOf } from '../../src/imaging/nifti/nifti-header.ts';
import { NIFTI_DESCRIPTION } from '../../src/pipeline/output-version.ts';
import { openVolume, type VolumePlace } from '../../src/pipeline/stored-volume.ts';
import type { Ports } from '../../src/ports/index.ts';

/** Stores a volume or label map that is in memory, as the stages store those that they make piece by piece. */
export async function storeVolume(
  objects: Pick<Ports['objects'], 'openBlob'>,
  place: VolumePlace,
  volume: NiftiContent,
): Promise<ObjectRef> {
  const pieces = packVolume(volume, { packing: DEFAULT_GZIP_LEVEL, softwareVersion: NIFTI_DESCRIPTION });
  const contentBytes = imageBytes(volume.geometry, dataTypeOf(volume.values));
  return (await writePieces(pieces, await openVolume(objects, place), { gzip: true, contentBytes })).result;
}
