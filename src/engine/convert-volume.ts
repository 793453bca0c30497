import { encodeHeader, imageBytes } from '../imaging/nifti/encode-nifti.ts';
import { maxStorageError, type ValueRange } from '../imaging/series/value-range.ts';
import type { VolumePlan } from '../imaging/series/volume-plan.ts';
import type { ByteSink } from './byte-sink.ts';
import { DEFAULT_GZIP_LEVEL } from './gzip-member.ts';
import type { RenderedPiece } from './jobs/render-planes.ts';
import { isSmall, type PlaneRange, planPieces } from './plan-pieces.ts';
import { runJob, tasksAhead } from './run-job.ts';
import { settleDataType } from './settle-data-type.ts';
import { poolSize } from './worker-pool.ts';
import { type WrittenFile, writePieces } from './write-pieces.ts';

export interface ConvertOptions {
  /** Of gzip, 0 to 9; null writes `.nii`. Default 4. */
  readonly level?: number | null;
  /** Threads beside this one; by default one per core that is free, and none for a volume under 8 MiB. The output does not depend on it. */
  readonly workers?: number;
  /** Goes into the header's `descrip`. */
  readonly softwareVersion?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ConvertedVolume<Result> extends WrittenFile<Result> {
  readonly dataType: 'int16' | 'float32';
  /** Largest error that storing the values can have caused, in their unit. */
  readonly maxStorageError: number;
}

/**
 * Decodes, rescales, interpolates and packs a planned volume into a NIfTI file, all at once on several threads, and
 * hands it to the sink in order while it is made. Equal plans give equal bytes.
 *
 * @throws what decoding finds: CorruptPixelData, TruncatedDicom, DecompressionBomb; the sink is aborted then
 */
export async function convertVolume<Result>(
  planned: VolumePlan,
  sink: ByteSink<Result>,
  options: ConvertOptions = {},
): Promise<ConvertedVolume<Result>> {
  const { level = DEFAULT_GZIP_LEVEL, onProgress } = options;
  // What is not packed is made about as fast as it is written, so this thread does not wait for others to do it.
  const here = level === null;
  const workers = options.workers ?? (isSmall(planned.geometry, 2) ? 0 : poolSize() - (here ? 1 : 0));
  const { plan, dataType } = await settleOrAbort(planned, sink, { workers, here });
  const header = encodeHeader(plan.geometry, dataType, options);
  const tasks = planPieces(plan.geometry, bytesOf(dataType));
  const slots = here
    ? slotsFor(plan, tasks, bytesOf(dataType), header.length, tasksAhead(workers + 1) + 1)
    : [];
  const ranges: ValueRange[] = [];
  const shared = { plan, dataType, header, level, slots };
  const pieces = runJob('render-planes', shared, tasks, { workers, here });
  const written = await writePieces(noteRanges(pieces, ranges), sink, {
    gzip: level !== null,
    contentBytes: imageBytes(plan.geometry, dataType),
    onPiece: (done) => onProgress?.(done, tasks.length),
  });
  return { ...written, dataType, maxStorageError: maxStorageError(plan, dataType, ranges) };
}

async function settleOrAbort(
  plan: VolumePlan,
  sink: ByteSink<unknown>,
  threads: { readonly workers: number; readonly here: boolean },
) {
  try {
    return await settleDataType(plan, threads);
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

function bytesOf(dataType: 'int16' | 'float32'): number {
  return dataType === 'int16' ? 2 : 4;
}

/** One more than there can be pieces on their way: a slot is free again when its piece was written. */
function slotsFor(
  { geometry: { sizeIjk } }: VolumePlan,
  tasks: readonly PlaneRange[],
  bytesPerVoxel: number,
  headerBytes: number,
  ahead: number,
): SharedArrayBuffer[] {
  const planes = Math.max(...tasks.map(({ first, last }) => last - first));
  const bytes = headerBytes + planes * sizeIjk[0] * sizeIjk[1] * bytesPerVoxel;
  return Array.from({ length: Math.min(ahead, tasks.length) }, () => new SharedArrayBuffer(bytes));
}

async function* noteRanges(
  pieces: AsyncIterable<RenderedPiece>,
  ranges: ValueRange[],
): AsyncGenerator<RenderedPiece> {
  for await (const piece of pieces) {
    if (piece.range !== null) ranges.push(piece.range);
    yield piece;
  }
}
