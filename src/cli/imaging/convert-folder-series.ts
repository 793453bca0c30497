import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, PipelineError } from '../../contracts/errors.ts';
import { convertVolume } from '../../engine/convert-volume.ts';
import { openFileSink } from '../../engine/file-sink.ts';
import { runJob } from '../../engine/run-job.ts';
import { poolSize } from '../../engine/worker-pool.ts';
import { isAsked, noSuchPart, type VolumeChoice } from '../../imaging/mask/choose-volume.ts';
import type { PlanOptions, SeriesPlan, VolumePlan } from '../../imaging/series/volume-plan.ts';
import { certifyConversion, type DigestedFile } from './certify-conversion.ts';
import type { FolderSeries, SeriesFile } from './dicom-folder.ts';
import { planFolderSeries, type RefusedImages, refusedImages } from './plan-folder-series.ts';

export interface ConvertSeriesOptions extends PlanOptions {
  /** Folder that is there. */
  readonly out: string;
  /** Of gzip; null writes `.nii`. */
  readonly level: number | null;
  readonly choice: VolumeChoice;
  /** For headers; no release number, so that equal voxels are equal files. */
  readonly description: string;
  readonly softwareVersion: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** One line of what `contourflow convert --json` prints. */
export interface ConvertedSeries {
  readonly seriesUid: string;
  /** Volumes, relative to the output folder; the certificate of each has its name with `.json`. */
  readonly outputs: readonly string[];
  readonly status: 'converted' | 'rejected';
  readonly reason?: ErrorCode;
  readonly message?: string;
  /** Parts of a converted series that are in none of its volumes though they may have been meant for one. */
  readonly refused?: readonly RefusedImages[];
}

/** Fewer bytes are digested before another thread had started. */
const DIGEST_HERE_BYTES = 8 * 1024 * 1024;
const FILES_PER_DIGEST_TASK = 8;

/**
 * Converts one series to a volume and a certificate for each of its parts, or to nothing: what was written before a
 * failure is taken away.
 *
 * @throws only what is no fault of the series, such as a full disk
 */
export async function convertFolderSeries(
  series: FolderSeries,
  options: ConvertSeriesOptions,
): Promise<ConvertedSeries> {
  const { seriesUid } = series;
  const written: string[] = [];
  try {
    const files = await series.files();
    const plan = planFolderSeries(files, options);
    const digests = digestFiles(files);
    // Its failure is met below; until then it is not unhandled.
    digests.catch(() => undefined);
    const names = volumeNames(plan, options.level);
    for (const volume of chosenVolumes(plan, options.choice)) {
      const name = names[plan.volumes.indexOf(volume)] as string;
      written.push(name);
      await writeVolume(name, volume, { plan, digests }, options);
    }
    const refused = refusedImages(plan);
    return { seriesUid, outputs: written, status: 'converted', ...(refused.length > 0 ? { refused } : {}) };
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code === 'InternalError') throw error;
    await removeOutputs(written, options.out);
    return { seriesUid, outputs: [], status: 'rejected', reason: error.code, message: error.message };
  }
}

interface SeriesResult {
  readonly plan: SeriesPlan;
  readonly digests: Promise<readonly DigestedFile[]>;
}

async function writeVolume(
  file: string,
  volume: VolumePlan,
  { plan, digests }: SeriesResult,
  options: ConvertSeriesOptions,
): Promise<void> {
  const { out, level, onProgress } = options;
  const sink = await openFileSink(join(out, file));
  const converted = await convertVolume(volume, sink, {
    level,
    softwareVersion: options.description,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const certificate = certifyConversion({
    ...{ volume, converted, file, plan },
    softwareVersion: options.softwareVersion,
    files: await digests,
  });
  await writeFile(join(out, certificateName(file)), `${JSON.stringify(certificate, null, 2)}\n`);
}

function chosenVolumes({ volumes }: SeriesPlan, choice: VolumeChoice): readonly VolumePlan[] {
  const chosen = volumes.filter((volume) => isAsked(volume, choice));
  if (chosen.length === 0) throw noSuchPart(volumes, choice);
  return chosen;
}

/** `<SeriesInstanceUID>.nii.gz`, numbered from `_1` when the series holds several volumes, chosen or not. */
function volumeNames({ seriesUid, volumes }: SeriesPlan, level: number | null): string[] {
  const ending = level === null ? '.nii' : '.nii.gz';
  const stem = fileStem(seriesUid);
  return volumes.map((_, at) => (volumes.length === 1 ? stem : `${stem}_${at + 1}`) + ending);
}

/** A UID is digits and dots; anything else in its place cannot lead out of the folder or onto another's name. */
function fileStem(seriesUid: string): string {
  if (/^[0-9]+(\.[0-9]+)*$/.test(seriesUid) && seriesUid.length <= 64) return seriesUid;
  const digest = createHash('sha256').update(seriesUid).digest('hex').slice(0, 16);
  return `series-${digest}`;
}

function certificateName(volume: string): string {
  return volume.replace(/\.nii(\.gz)?$/, '.json');
}

async function removeOutputs(names: readonly string[], out: string): Promise<void> {
  const paths = names.flatMap((name) => [name, certificateName(name)]);
  await Promise.all(paths.map((path) => rm(join(out, path), { force: true })));
}

/** SHA-256 of every file, made while nothing else is to be done. */
async function digestFiles(files: readonly SeriesFile[]): Promise<DigestedFile[]> {
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const tasks: Uint8Array[][] = [];
  for (let at = 0; at < files.length; at += FILES_PER_DIGEST_TASK)
    tasks.push(files.slice(at, at + FILES_PER_DIGEST_TASK).map(({ bytes }) => bytes));
  const workers = total < DIGEST_HERE_BYTES ? 0 : poolSize() - 1;
  const digests: string[] = [];
  for await (const some of runJob('digest', null, tasks, { workers, here: true })) digests.push(...some);
  return files.map((file, at) => ({ ...file, sha256: digests[at] as string }));
}
