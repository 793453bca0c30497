import { type Command, InvalidArgumentError, Option } from 'commander';
import type { IrregularPolicy } from '../../imaging/series/volume-plan.ts';
import type { CliContext } from '../context.ts';
import { EXIT, ExitCode, UsageError } from '../exit-codes.ts';
import type { ConvertedSeries } from '../imaging/convert-folder-series.ts';
import type { DicomFolder } from '../imaging/dicom-folder.ts';
import { formatTable, printResult } from '../output.ts';

interface ConvertOptions {
  readonly out: string;
  readonly irregular: IrregularPolicy;
  readonly phase?: number;
  readonly echo?: number;
  readonly suv?: boolean;
  readonly level: number;
  readonly gzip: boolean;
  readonly series?: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('convert')
    .argument('<dicom-dir>', 'folder of DICOM files, searched to any depth; other files are passed over')
    .requiredOption('--out <dir>', 'folder for the volumes and their certificates; made when it is not there')
    .addOption(
      new Option('--irregular <policy>', 'gantry tilt, missing or uneven slices')
        .choices(['resample', 'native', 'reject'])
        .default('resample'),
    )
    .option('--phase <n>', 'only this phase of a 4D series, from 1', countingNumber)
    .option('--echo <n>', 'only this echo of a multi-echo series, from 1', countingNumber)
    .option('--suv', 'PET as body-weight SUV instead of the unit of the file')
    .option('--level <0-9>', 'of gzip', gzipLevel, 4)
    .option('--no-gzip', 'write .nii')
    .option('--series <uid>', 'only the series of this SeriesInstanceUID')
    .description(
      'Convert the image series of a folder to NIfTI: <SeriesInstanceUID>.nii.gz, or one file per phase, echo or stack ' +
        'numbered _1, _2 ..., and a certificate (.json) of each.',
    )
    .action((folder: string, options: ConvertOptions) => convert(context, folder, options));
}

async function convert(context: CliContext, folder: string, options: ConvertOptions): Promise<void> {
  const { poolSize, warmUp } = await import('../../engine/worker-pool.ts');
  // Threads start while the files are read.
  warmUp(options.gzip ? poolSize() : poolSize() - 1, 'render-planes');
  const { openDicomFolder } = await import('../imaging/dicom-folder.ts');
  const { progressBar } = await import('../imaging/progress-bar.ts');
  // Its modules are read while the files are.
  void import('../imaging/convert-folder-series.ts');
  const bar = progressBar(context.terminal.output);
  const found = await openDicomFolder(folder, {
    onProgress: (done, total) => bar.update(`reading ${total} files`, done, total),
  }).finally(bar.clear);
  for (const { path, error } of found.lost) context.err(`error ${error.code}: ${path}: ${error.message}`);
  const series = await convertEach(context, found, options, bar.update).finally(bar.clear);
  printResult(context, { series }, () => describe(series, found));
  if (series.length === 0) context.err(`error TooFewSlices: ${folder} holds no DICOM image series`);
  const complete = series.length > 0 && found.lost.length === 0;
  const refused = series.some((one) => one.status === 'rejected' || one.refused !== undefined);
  if (!complete || refused) throw new ExitCode(EXIT.refused);
}

async function convertEach(
  context: CliContext,
  found: DicomFolder,
  options: ConvertOptions,
  progress: (label: string, done: number, total: number) => void,
): Promise<ConvertedSeries[]> {
  const { convertFolderSeries } = await import('../imaging/convert-folder-series.ts');
  const { NIFTI_DESCRIPTION, SOFTWARE_VERSION } = await import('../../pipeline/output-version.ts');
  const wanted = wantedSeries(found, options.series);
  await makeFolder(options.out);
  const converted: ConvertedSeries[] = [];
  for (const [at, series] of wanted.entries()) {
    const result = await convertFolderSeries(series, {
      out: options.out,
      level: options.gzip ? options.level : null,
      choice: { phase: options.phase, echo: options.echo },
      irregular: options.irregular,
      suv: options.suv ?? false,
      description: NIFTI_DESCRIPTION,
      softwareVersion: SOFTWARE_VERSION,
      onProgress: (done, total) => progress(`series ${at + 1} of ${wanted.length}`, done, total),
    });
    for (const line of refusalLines(result)) context.err(line);
    converted.push(result);
  }
  return converted;
}

/** Whoever reads only the volumes must not take a part of the series for all of it. */
function refusalLines({ seriesUid, status, reason, message, refused = [] }: ConvertedSeries): string[] {
  if (status === 'rejected') return [`error ${reason}: series ${seriesUid}: ${message}`];
  return refused.map(
    (part) =>
      `error ${part.reason}: series ${seriesUid}: ${part.images} image(s) are in no volume: ${part.message}`,
  );
}

function wantedSeries({ series }: DicomFolder, uid: string | undefined): DicomFolder['series'] {
  if (uid === undefined) return series;
  const wanted = series.filter(({ seriesUid }) => seriesUid === uid);
  if (wanted.length > 0) return wanted;
  const there = series.map(({ seriesUid }) => seriesUid).join(', ') || 'none';
  throw new UsageError(`the folder holds no series ${uid}; it holds ${there}`);
}

async function makeFolder(path: string): Promise<void> {
  const { mkdir } = await import('node:fs/promises');
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new UsageError(`the folder ${path} cannot be made: ${(cause as Error).message}`);
  }
}

function describe(series: readonly ConvertedSeries[], { otherObjects, notDicom }: DicomFolder): string {
  const rows = series.map(({ seriesUid, status, outputs, reason, refused }) => [
    seriesUid,
    refused === undefined ? status : `${status} in part`,
    outputs.join(' ') || reason,
  ]);
  const passed = `passed over: ${otherObjects} other DICOM objects, ${notDicom} files that are not DICOM`;
  const table = formatTable(['series', 'status', 'result'], rows);
  return otherObjects + notDicom > 0 ? `${table}\n${passed}` : table;
}

function countingNumber(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 is needed.');
}

function gzipLevel(text: string): number {
  if (/^[0-9]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 0 to 9 is needed.');
}
