import { type Command, Option } from 'commander';
import type { ResampledImageFile, ResampledMaskFile } from '../../engine/resample-file.ts';
import type { Vec3 } from '../../imaging/geometry/vector.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { formatFields, formatTable, printResult } from '../output.ts';

interface ResampleOptions {
  readonly spacing: string;
  readonly kind: 'image' | 'mask';
  readonly interpolation: 'linear' | 'bspline';
  readonly antialias?: boolean;
  readonly out: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('resample')
    .argument('<volume>', 'an image or a label map, .nii or .nii.gz')
    .requiredOption('--spacing <x,y,z>', 'voxel size along the three voxel axes, mm')
    .addOption(
      new Option('--kind <kind>', 'how to treat the values').choices(['image', 'mask']).makeOptionMandatory(),
    )
    .addOption(
      new Option('--interpolation <method>', 'of images').choices(['linear', 'bspline']).default('linear'),
    )
    .option('--antialias', 'damp what the new spacing cannot show (a triangle kernel; images only)')
    .requiredOption('--out <file>', 'a .nii.gz or .nii file')
    .description(
      'Resample an image or a label map to another voxel size. The outer corner of the first voxel stays where it is.',
    )
    .action(async (volume: string, options: ResampleOptions) => {
      const { withRejection } = await import('../imaging/print-rejection.ts');
      await withRejection(context, () => resample(context, volume, options));
    });
}

async function resample(context: CliContext, volume: string, options: ResampleOptions): Promise<void> {
  const { outputFormat, requireFile } = await import('../imaging/volume-files.ts');
  const { openFileSink } = await import('../../engine/file-sink.ts');
  const { resampleImageFile, resampleMaskFile } = await import('../../engine/resample-file.ts');
  const { NIFTI_DESCRIPTION } = await import('../../pipeline/output-version.ts');
  const { progressBar } = await import('../imaging/progress-bar.ts');
  const bar = progressBar(context.terminal.output);
  const { kind, interpolation, antialias = false, out } = options;
  if (kind === 'mask' && (antialias || interpolation !== 'linear'))
    throw new UsageError('--interpolation and --antialias are for images; leave them out with --kind mask');
  const common = {
    spacingMm: parseSpacing(options.spacing),
    softwareVersion: NIFTI_DESCRIPTION,
    onProgress: (done: number, total: number) => bar.update('resampling', done, total),
    ...((await outputFormat(out)) === '.nii' ? { level: null } : {}),
  };
  await requireFile(volume);
  const openSink = () => openFileSink(out);
  if (kind === 'mask') {
    const result = await resampleMaskFile(volume, openSink, common).finally(bar.clear);
    return printResult(context, { ...describe(result, options), regions: result.regions }, () =>
      [describeText(result, options), regionTable(result)].join('\n\n'),
    );
  }
  const result = await resampleImageFile(volume, openSink, { ...common, interpolation, antialias }).finally(
    bar.clear,
  );
  const { maxRoundingError } = result;
  printResult(context, { ...describe(result, options), interpolation, antialias, maxRoundingError }, () =>
    describeText(result, options),
  );
}

/** @throws UsageError for anything but three numbers greater than 0 */
function parseSpacing(text: string): Vec3 {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.length === 3 && numbers.every((value) => Number.isFinite(value) && value > 0))
    return numbers as unknown as Vec3;
  throw new UsageError(
    `--spacing ${text} is not three numbers greater than 0 with commas, such as 1.5,1.5,1.5`,
  );
}

function describe(
  { source, target, dataType, sizeBytes, sha256 }: ResampledImageFile | ResampledMaskFile,
  { kind, out }: ResampleOptions,
) {
  return {
    status: 'resampled',
    out,
    kind,
    sourceSizeIjk: source.sizeIjk,
    sourceSpacingMm: source.spacingMm,
    sizeIjk: target.sizeIjk,
    spacingMm: target.spacingMm,
    dataType,
    sizeBytes,
    sha256,
  };
}

function describeText(result: ResampledImageFile | ResampledMaskFile, { out }: ResampleOptions): string {
  const grid = ({ sizeIjk, spacingMm }: ResampledImageFile['source']) =>
    `${sizeIjk.join(' x ')} voxels of ${spacingMm.map((value) => Number(value.toFixed(4))).join(' x ')} mm`;
  return formatFields({
    from: grid(result.source),
    to: grid(result.target),
    type: result.dataType,
    file: out,
  });
}

function regionTable({ regions }: ResampledMaskFile): string {
  return formatTable(
    ['value', 'voxels before', 'voxels', 'ml before', 'ml', 'drift %'],
    regions.map((region) => [
      region.value,
      region.voxelsNative,
      region.voxels,
      Number(region.volumeMlNative.toFixed(3)),
      Number(region.volumeMl.toFixed(3)),
      Number(region.driftPercent.toFixed(2)),
    ]),
  );
}
