import type { Vec3 } from '../imaging/geometry/vector.ts';
import type { VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';
import { encodeHeader, imageBytes } from '../imaging/nifti/encode-nifti.ts';
import { DATA_TYPES, type NiftiValues } from '../imaging/nifti/nifti-header.ts';
import { labelValues } from '../imaging/resample/label-values.ts';
import {
  type ImageResamplingOptions,
  planImageResampling,
} from '../imaging/resample/plan-image-resampling.ts';
import { planMaskResampling } from '../imaging/resample/plan-mask-resampling.ts';
import { type ResampledRegion, resampledRegions } from '../imaging/resample/resample-mask.ts';
import { type ArrivingNifti, openNifti } from './arriving-nifti.ts';
import type { ByteSink } from './byte-sink.ts';
import { DEFAULT_GZIP_LEVEL, type DeflatedPiece } from './gzip-member.ts';
import { isSmall, planPieces } from './plan-pieces.ts';
import { runJob } from './run-job.ts';
import { poolSize, warmUp } from './worker-pool.ts';
import { type WrittenFile, writePieces } from './write-pieces.ts';

export interface ResampleFileOptions {
  /** Voxel size along i, j and k, mm. */
  readonly spacingMm: Vec3;
  /** Of gzip, 0 to 9, for images; null writes `.nii`. Default 4. */
  readonly level?: number | null;
  /** Threads; by default one per core, and none for small volumes. The output does not depend on it. */
  readonly workers?: number;
  /** Goes into the header's `descrip`. */
  readonly softwareVersion?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ResampledFile extends WrittenFile<void> {
  readonly source: VolumeGeometry;
  readonly target: VolumeGeometry;
  readonly dataType: 'uint8' | 'uint16' | 'int16' | 'float32';
}

export interface ResampledImageFile extends ResampledFile {
  /** 0.5 for rounded values, 0 otherwise. */
  readonly maxRoundingError: number;
}

export interface ResampledMaskFile extends ResampledFile {
  readonly regions: readonly ResampledRegion[];
}

/**
 * Resamples an image from file to file while the source is read. Whole numbers that fit int16 stay whole numbers,
 * rounded; everything else becomes float32.
 *
 * @param openSink - called when the source's header and the target grid are known to be good
 * @throws MalformedNifti, UnsupportedNifti, InvalidParameters, GantryTilt, VolumeTooLarge
 */
export async function resampleImageFile(
  path: string,
  openSink: () => Promise<ByteSink>,
  options: ResampleFileOptions & Omit<ImageResamplingOptions, 'padding'>,
): Promise<ResampledImageFile> {
  const source = await openWithThreads(path, options);
  const { values, arrival } = source;
  const plan = planImageResampling(source.header.geometry, options.spacingMm, options);
  const dataType = await imageType(source);
  const { level = DEFAULT_GZIP_LEVEL } = options;
  const header = encodeHeader(plan.target, dataType, options);
  const shared = { plan, values, arrival, dataType, header, level };
  const workers = await threadsFor(source, plan.target, options);
  const tasks = planPieces(plan.target, DATA_TYPES[dataType][1]);
  const pieces = runJob('resample-image', shared, tasks, { workers });
  const extent = { pieces: tasks.length, bytes: imageBytes(plan.target, dataType) };
  const written = await write(pieces, source, await openSink(), extent, options);
  const maxRoundingError = dataType === 'int16' ? 0.5 : 0;
  return { ...written, source: source.header.geometry, target: plan.target, dataType, maxRoundingError };
}

/**
 * Resamples a label map from file to file.
 *
 * @param openSink - called when the source was read and is a label map
 * @throws as {@link resampleImageFile}, and MaskNotIntegral
 */
export async function resampleMaskFile(
  path: string,
  openSink: () => Promise<ByteSink>,
  options: ResampleFileOptions,
): Promise<ResampledMaskFile> {
  const source = await openWithThreads(path, options);
  await source.complete;
  const { geometry } = source.header;
  const labels = labelValues(source.values);
  const plan = planMaskResampling({ geometry, labels, valueOrder: [] }, options.spacingMm);
  const dataType = plan.parts.every(({ value }) => value < 256) ? 'uint8' : 'uint16';
  const shared = {
    plan,
    labels: sharedLabels(labels),
    dataType,
    header: encodeHeader(plan.target, dataType, options),
    packing: options.level === null ? null : 'runs',
  } as const;
  const workers = await threadsFor(source, plan.target, options);
  const tasks = planPieces(plan.target, DATA_TYPES[dataType][1]);
  const counts = new Map<number, number>();
  const pieces = counted(runJob('resample-mask', shared, tasks, { workers }), counts);
  const extent = { pieces: tasks.length, bytes: imageBytes(plan.target, dataType) };
  const written = await write(pieces, source, await openSink(), extent, options);
  return {
    ...written,
    source: geometry,
    target: plan.target,
    dataType,
    regions: resampledRegions(plan, counts),
  };
}

/** Threads start while the file is opened. */
function openWithThreads(path: string, { workers }: ResampleFileOptions): Promise<ArrivingNifti> {
  if (workers !== 0) warmUp(workers);
  return openNifti(path);
}

/** No thread is worth its start for a small volume; this one cannot wait for slices, so they have to be there. */
async function threadsFor(
  { header, complete }: ArrivingNifti,
  target: VolumeGeometry,
  { workers }: ResampleFileOptions,
): Promise<number> {
  const small = isSmall(header.geometry, header.bytesPerVoxel) && isSmall(target, 4);
  const threads = workers ?? (small ? 0 : poolSize());
  if (threads === 0) await complete;
  return threads;
}

async function imageType({ values, complete }: ArrivingNifti): Promise<'int16' | 'float32'> {
  if (values instanceof Uint8Array || values instanceof Int8Array || values instanceof Int16Array)
    return 'int16';
  if (values instanceof Float32Array || values instanceof Float64Array) return 'float32';
  await complete;
  return fitsInt16(values) ? 'int16' : 'float32';
}

function fitsInt16(values: NiftiValues): boolean {
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (value < -32768 || value > 32767) return false;
  }
  return true;
}

function sharedLabels(labels: Uint8Array | Uint16Array): Uint8Array | Uint16Array {
  if (labels.buffer instanceof SharedArrayBuffer) return labels;
  const copy = new Uint16Array(new SharedArrayBuffer(2 * labels.length));
  copy.set(labels);
  return copy;
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

/** A source that turns out to be damaged is the reason to tell, not the thread that waited for it. */
async function write(
  pieces: AsyncIterable<DeflatedPiece>,
  { complete }: ArrivingNifti,
  sink: ByteSink,
  extent: { readonly pieces: number; readonly bytes: number },
  { level, onProgress }: ResampleFileOptions,
): Promise<WrittenFile<void>> {
  const checked = async function* () {
    try {
      yield* pieces;
    } finally {
      await complete;
    }
  };
  return writePieces(checked(), sink, {
    gzip: level !== null,
    contentBytes: extent.bytes,
    onPiece: (done) => onProgress?.(done, extent.pieces),
  });
}
