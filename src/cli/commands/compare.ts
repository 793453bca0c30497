import { type Command, Option } from 'commander';
import type { GridDescription } from '../../imaging/geometry/volume-geometry.ts';
import type { ImageDifference } from '../../imaging/metrics/compare-images.ts';
import type { LabelComparison } from '../../imaging/metrics/compare-label-maps.ts';
import type { GridDifference } from '../../imaging/metrics/grid-difference.ts';
import type { NiftiValues } from '../../imaging/nifti/nifti-header.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { formatTable, printResult } from '../output.ts';

interface CompareOptions {
  readonly tolerance: string;
  readonly kind?: 'image' | 'mask';
}

export function register(program: Command, context: CliContext): void {
  program
    .command('compare')
    .argument('<reference>', 'a label map or an image, .nii or .nii.gz')
    .argument('<other>', 'another on the same grid')
    .option('--tolerance <mm>', 'surfaces this far apart count as equal in surface Dice', '1')
    .addOption(
      new Option(
        '--kind <kind>',
        'how to treat the values; by default whole numbers of at most 1,024 kinds are labels',
      ).choices(['image', 'mask']),
    )
    .description(
      'Compare two volumes: their grids, then the metrics of each label, or how far the values differ.',
    )
    .action(async (reference: string, other: string, options: CompareOptions) => {
      const { withRejection } = await import('../imaging/print-rejection.ts');
      await withRejection(context, () => compare(context, reference, other, options));
    });
}

interface LoadedVolume {
  readonly geometry: GridDescription;
  readonly values: NiftiValues;
}

async function compare(
  context: CliContext,
  reference: string,
  other: string,
  options: CompareOptions,
): Promise<void> {
  const toleranceMm = parseTolerance(options.tolerance);
  const { requireFile } = await import('../imaging/volume-files.ts');
  const { openNifti } = await import('../../engine/arriving-nifti.ts');
  const { gridDifference, requireSameGrid } = await import('../../imaging/metrics/grid-difference.ts');
  const { compareImages, looksLikeLabelMap } = await import('../../imaging/metrics/compare-images.ts');
  const { compareLabelMaps } = await import('../../imaging/metrics/compare-label-maps.ts');
  const { labelValues } = await import('../../imaging/resample/label-values.ts');
  const { progressBar } = await import('../imaging/progress-bar.ts');
  const bar = progressBar(context.terminal.output);
  const load = async (path: string, number: number) => {
    const { header, values, complete } = await openNifti(await requireFile(path));
    await complete;
    bar.update('reading 2 volumes', number, 2);
    return { geometry: header.geometry, values };
  };
  const [a, b] = [await load(reference, 1), await load(other, 2).finally(bar.clear)];
  requireSameGrid(a.geometry, b.geometry);
  const geometry = { ...gridDifference(a.geometry, b.geometry), reference: gridOf(a), other: gridOf(b) };
  const masks =
    options.kind === undefined
      ? [a, b].every(({ values }) => looksLikeLabelMap(values))
      : options.kind === 'mask';
  if (!masks) {
    const image = compareImages(a, b);
    return printResult(context, { kind: 'image', geometry, ...image }, () => imageText(geometry, image));
  }
  const labelled = (volume: typeof a) => ({ geometry: volume.geometry, labels: labelValues(volume.values) });
  const labels = compareLabelMaps(labelled(a), labelled(b), {
    toleranceMm,
    onProgress: (done, total) => bar.update('comparing labels', done, total),
  });
  bar.clear();
  printResult(context, { kind: 'mask', geometry, ...labels }, () => labelText(geometry, labels));
}

/** @throws UsageError for anything but a number of 0 or more */
function parseTolerance(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`--tolerance ${text} is not a number of millimetres, 0 or more`);
}

function gridOf({
  geometry: { sizeIjk, spacingMm, originLps, directionLps },
}: LoadedVolume): GridDescription {
  return { sizeIjk, spacingMm, originLps, directionLps };
}

function gridText({ cornerDistanceMm }: GridDifference): string {
  return `one grid; corner voxels at most ${Number((cornerDistanceMm as number).toFixed(6))} mm apart`;
}

function imageText(geometry: GridDifference, image: ImageDifference): string {
  return [
    gridText(geometry),
    `${image.voxelsDiffering} of ${image.voxels} voxels differ, by at most ${image.maxAbsDifference}, ` +
      `by ${image.meanAbsDifference} in the mean of all`,
  ].join('\n');
}

function labelText(
  geometry: GridDifference,
  { toleranceMm, labels, emptyInBoth, emptyInOne }: LabelComparison,
): string {
  const rounded = (value: number | null, digits: number) =>
    value === null ? null : Number(value.toFixed(digits));
  const table = formatTable(
    [
      'label',
      'dice',
      `surface dice ${toleranceMm} mm`,
      'hd95 mm',
      'mean distance mm',
      'ml',
      'ml other',
      'volume %',
    ],
    labels.map((label) => [
      label.value,
      rounded(label.dice, 5),
      rounded(label.surfaceDice, 5),
      rounded(label.hd95Mm, 3),
      rounded(label.meanSurfaceDistanceMm, 3),
      rounded(label.volumeMlReference, 3),
      rounded(label.volumeMlOther, 3),
      rounded(label.volumeErrorPercent, 2),
    ]),
  );
  const empty = emptyInBoth + emptyInOne === 0 ? [] : [`labels in one volume only: ${emptyInOne}`];
  return [gridText(geometry), '', table, ...empty].join('\n');
}
