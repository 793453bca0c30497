import type { ObjectRef } from '../contracts/identifiers.ts';
import type { Processing } from '../contracts/processing.ts';
import { DEFAULT_GZIP_LEVEL, type DeflatedPiece } from '../engine/gzip-member.ts';
import { isSmall, planPieces } from '../engine/plan-pieces.ts';
import { runJob } from '../engine/run-job.ts';
import { poolSize } from '../engine/worker-pool.ts';
import { writePieces } from '../engine/write-pieces.ts';
import type { Vec3 } from '../imaging/geometry/vector.ts';
import type { VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';
import { encodeHeader, imageBytes } from '../imaging/nifti/encode-nifti.ts';
import { DATA_TYPES, type NiftiDataType } from '../imaging/nifti/nifti-header.ts';
import { planImageResampling } from '../imaging/resample/plan-image-resampling.ts';
import { planMaskResampling } from '../imaging/resample/plan-mask-resampling.ts';
import type { ResampledImage, ResampleImageInput } from '../imaging/resample/resample-image.ts';
import {
  type ResampledMask,
  type ResampleMaskInput,
  resampledRegions,
} from '../imaging/resample/resample-mask.ts';
import type { Ports } from '../ports/index.ts';
import { NIFTI_DESCRIPTION } from './output-version.ts';
import { openVolume, type VolumePlace } from './stored-volume.ts';

type BlobStore = Pick<Ports['objects'], 'openBlob'>;

/** What an automation wants of an image. */
interface ImageGoal {
  readonly spacingMm: Vec3;
  readonly processing: Pick<Processing, 'interpolation' | 'antialias'>;
}

/**
 * Resamples an image on several threads and stores it as `.nii.gz` while it is made.
 *
 * The voxels are those of `resampleImage`: int16 images in HU are rounded, every other becomes float32.
 *
 * @param image - its values in shared memory
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export async function writeResampledImage(
  objects: BlobStore,
  place: VolumePlace,
  { geometry, values, unit, padding }: ResampleImageInput,
  { spacingMm, processing: { interpolation, antialias } }: ImageGoal,
): Promise<Omit<ResampledImage, 'values'> & { readonly stored: ObjectRef }> {
  const padded =
    padding !== undefined && values.some((value) => value >= padding.low && value <= padding.high);
  const plan = planImageResampling(geometry, spacingMm, {
    interpolation,
    antialias,
    ...(padded ? { padding } : {}),
  });
  const dataType = values instanceof Int16Array && unit === 'HU' ? 'int16' : 'float32';
  const arrival = { slices: new Int32Array(new SharedArrayBuffer(4)).fill(geometry.sizeIjk[2]) };
  const header = head(plan.target, dataType);
  const shared = { plan, values, arrival, dataType, header, level: DEFAULT_GZIP_LEVEL } as const;
  const pieces = runJob('resample-image', shared, ...tasksFor(geometry, plan.target, dataType));
  const stored = await store(objects, place, pieces, imageBytes(plan.target, dataType));
  return { geometry: plan.target, maxRoundingError: dataType === 'int16' ? 0.5 : 0, stored };
}

/**
 * Resamples a label map on several threads and stores it as `.nii.gz`: the voxels and counts of `resampleMask`.
 *
 * @param mask - its labels in shared memory
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export async function writeResampledMask(
  objects: BlobStore,
  place: VolumePlace,
  mask: ResampleMaskInput,
  spacingMm: Vec3,
): Promise<Omit<ResampledMask, 'labels'> & { readonly stored: ObjectRef }> {
  const { labels } = mask;
  const plan = planMaskResampling(mask, spacingMm);
  const dataType = labels instanceof Uint8Array ? 'uint8' : 'uint16';
  const shared = { plan, labels, dataType, header: head(plan.target, dataType), packing: 'runs' } as const;
  const counts = new Map<number, number>();
  const pieces = runJob('resample-mask', shared, ...tasksFor(mask.geometry, plan.target, dataType));
  const stored = await store(objects, place, counted(pieces, counts), imageBytes(plan.target, dataType));
  return { geometry: plan.target, regions: resampledRegions(plan, counts), stored };
}

function head(target: VolumeGeometry, dataType: NiftiDataType): Uint8Array {
  return encodeHeader(target, dataType, { softwareVersion: NIFTI_DESCRIPTION });
}

/** No thread is worth its start for small volumes. */
function tasksFor(source: VolumeGeometry, target: VolumeGeometry, dataType: NiftiDataType) {
  const bytes = DATA_TYPES[dataType][1];
  const workers = isSmall(source, bytes) && isSmall(target, bytes) ? 0 : poolSize();
  return [planPieces(target, bytes), { workers }] as const;
}

async function store(
  objects: BlobStore,
  place: VolumePlace,
  pieces: AsyncIterable<DeflatedPiece>,
  contentBytes: number,
): Promise<ObjectRef> {
  const upload = await openVolume(objects, place);
  return (await writePieces(pieces, upload, { gzip: true, contentBytes })).result;
}

async function* counted<Piece extends { readonly counts: ReadonlyMap<number, number> }>(
  pieces: AsyncIterable<Piece>,
  counts: Map<number, number>,
): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    for (const [value, count] of piece.counts) counts.set(value, (counts.get(value) ?? 0) + count);
    yield piece;
  }
}
