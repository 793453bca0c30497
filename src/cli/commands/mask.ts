import type { Command } from 'commander';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import type { IrregularPolicy } from '../../imaging/series/volume-plan.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import type { MaskReport } from '../mask/draw-mask.ts';
import { formatTable, printResult } from '../output.ts';

interface MaskOptions {
  readonly roi: readonly string[];
  readonly labelMap?: string;
  readonly out: string;
  readonly perRoi?: string;
  readonly series?: string;
  readonly irregular: IrregularPolicy;
  readonly phase?: number;
  readonly echo?: number;
  readonly gaps: { readonly policy: LabelPolicies['gaps']; readonly upToMm?: number };
  readonly overlap: LabelPolicies['overlap'];
  readonly unmapped: LabelPolicies['unmapped'];
  readonly fractionalThreshold: number;
  readonly resample?: boolean;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('mask')
    .argument('<dicom-dir>', 'folder of the image series, searched to any depth')
    .requiredOption(
      '--roi <file>',
      'RTSTRUCT, AIM 4 XML, DICOM segmentation or NIfTI mask; again for each part of a concatenation',
      (file: string, earlier: readonly string[] = []) => [...earlier, file],
    )
    .requiredOption('--out <file>', 'label map to write, .nii.gz or .nii')
    .option(
      '--label-map <file>',
      'names and values, see the user guide; without it 1 to N in the order of the file',
    )
    .option('--per-roi <dir>', 'write one binary file per region here as well')
    .option('--series <uid>', 'SeriesInstanceUID to draw on when several would do')
    .option('--phase <n>', 'of a 4D series, from 1', wholeNumber)
    .option('--echo <n>', 'of a multi-echo series, from 1', wholeNumber)
    .option(
      '--irregular <policy>',
      'as for convert: resample, native or reject',
      oneOf('resample', 'native', 'reject'),
      'resample',
    )
    .option('--gaps <policy>', 'slices without a contour: review, none or interpolate[:mm]', gapPolicy, {
      policy: 'review',
    })
    .option(
      '--overlap <policy>',
      'voxels of two regions: later-wins or fail',
      oneOf('later-wins', 'fail'),
      'later-wins',
    )
    .option(
      '--unmapped <policy>',
      'regions without an entry: report, fail or ignore',
      oneOf('report', 'fail', 'ignore'),
      'report',
    )
    .option('--fractional-threshold <share>', 'of a fractional segmentation, above 0 to 1', share, 0.5)
    .option('--resample', 'take the nearest voxel of a segmentation on another grid instead of refusing it')
    .description('Draw regions as a label map on exactly the grid that convert writes')
    .action(async (folder: string, options: MaskOptions) => {
      const { withRejection } = await import('../imaging/print-rejection.ts');
      await withRejection(context, async () => {
        const { progressBar } = await import('../imaging/progress-bar.ts');
        const bar = progressBar(context.terminal.output);
        const report = await drawFrom(folder, options, bar.update).finally(bar.clear);
        printResult(context, report, () => describe(report, options.out));
      });
    });
}

async function drawFrom(
  dicomFolder: string,
  options: MaskOptions,
  progress: (label: string, done: number, total: number) => void,
): Promise<MaskReport> {
  const { parseLabelMap } = await import('../../imaging/mask/label-map.ts');
  const { drawMask } = await import('../mask/draw-mask.ts');
  const { openRegionFile } = await import('../mask/open-region-file.ts');
  const { readSliceHeaders } = await import('../mask/read-slice-headers.ts');
  const { readLabelMap } = await import('../mask/read-label-map.ts');
  const { SOFTWARE_VERSION } = await import('../../pipeline/output-version.ts');
  const labelMap =
    options.labelMap === undefined ? undefined : parseLabelMap(await readLabelMap(options.labelMap));
  // Images and regions are read side by side; what is wrong with the regions is told first.
  const headers = readSliceHeaders(dicomFolder, (done, total) =>
    progress(`reading ${total} files`, done, total),
  );
  headers.catch(() => undefined);
  const { set, close } = await openRegionFile(options.roi, options);
  try {
    return await drawMask({
      headers: await headers,
      ...{ dicomFolder, labelMap, regions: set, out: options.out, perRoi: options.perRoi },
      policies: {
        unmapped: options.unmapped,
        missing: 'review',
        overlap: options.overlap,
        gaps: options.gaps.policy,
      },
      interpolateUpToMm: options.gaps.upToMm,
      seriesUid: options.series,
      irregular: options.irregular,
      choice: { phase: options.phase, echo: options.echo },
      softwareVersion: SOFTWARE_VERSION,
      onProgress: (done, total) => progress('drawing regions', done, total),
    });
  } finally {
    close();
  }
}

function describe({ regions, unmapped, overlaps, warnings }: MaskReport, out: string): string {
  const table = formatTable(
    ['region', 'value', 'voxels', 'ml', 'file'],
    regions.map(({ name, value, voxels, volumeMl, file }) => [
      name,
      value,
      voxels,
      volumeMl?.toFixed(2),
      file,
    ]),
  );
  const notes = [
    ...unmapped.map((name) => `no entry for "${name}"`),
    ...overlaps.map(({ lost, won, voxels }) => `"${won}" took ${voxels} voxel(s) from "${lost}"`),
    ...warnings.map(({ code, message }) => `${code}: ${message}`),
  ];
  return [table, ...notes, `wrote ${out}`].join('\n');
}

function oneOf<T extends string>(...allowed: readonly T[]) {
  return (text: string): T => {
    const found = allowed.find((value) => value === text);
    if (found === undefined) throw new UsageError(`"${text}" is not one of ${allowed.join(', ')}`);
    return found;
  };
}

function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,5}$/u.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a whole number from 1`);
}

function share(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value > 0 && value <= 1) return value;
  throw new UsageError(`--fractional-threshold "${text}" is not above 0 and at most 1`);
}

function gapPolicy(text: string): MaskOptions['gaps'] {
  const [name = '', millimetres] = text.split(':', 2);
  const policy = oneOf('review', 'none', 'interpolate')(name);
  if (millimetres === undefined) return { policy };
  const upToMm = Number(millimetres);
  if (policy === 'interpolate' && millimetres.trim() !== '' && upToMm > 0 && upToMm <= 1000)
    return { policy, upToMm };
  throw new UsageError(`--gaps "${text}" is not review, none, interpolate or interpolate:<mm>`);
}
