import type { Command } from 'commander';
import { PipelineError } from '../../contracts/errors.ts';
import type { LabelMap } from '../../imaging/mask/label-map.ts';
import type { RegionMatches } from '../../imaging/mask/match-regions.ts';
import type { CliContext } from '../context.ts';
import { EXIT, ExitCode } from '../exit-codes.ts';
import { formatTable, printResult } from '../output.ts';

/** What `contourflow labels check --json` prints. */
interface LabelReport {
  readonly labelMap: {
    readonly entries: readonly { readonly name: string; readonly value: number }[];
    /** Every bad line; the files are not looked at then. */
    readonly problems: readonly string[];
  };
  readonly files: readonly FileReport[];
}

type FileReport =
  | ({ readonly file: string; readonly status: 'read'; readonly format: string } & RegionMatches)
  | { readonly file: string; readonly status: 'rejected'; readonly reason: string; readonly message: string };

export function register(program: Command, context: CliContext): void {
  const labels = program
    .command('labels')
    .description('Label maps: names of regions and their values in a mask');
  labels
    .command('check')
    .argument('<label-map>', 'region2MaskValueMap.txt or its JSON form')
    .argument('[files...]', 'RTSTRUCT, AIM, segmentation or NIfTI files to try it on')
    .description('Dry run: every bad line of a label map, and what it makes of the regions of each file')
    .action(async (labelMap: string, files: readonly string[]) => {
      const report = await check(labelMap, files);
      printResult(context, report, () => describe(report));
      const fine =
        report.labelMap.problems.length === 0 && report.files.every(({ status }) => status === 'read');
      if (!fine) throw new ExitCode(EXIT.refused);
    });
}

async function check(labelMapPath: string, files: readonly string[]): Promise<LabelReport> {
  const { parseLabelMap } = await import('../../imaging/mask/label-map.ts');
  const { readLabelMap } = await import('../mask/read-label-map.ts');
  const bytes = await readLabelMap(labelMapPath);
  try {
    const map = parseLabelMap(bytes);
    const entries = map.entries.map(({ name, value }) => ({ name, value }));
    const reports: FileReport[] = [];
    for (const file of files) reports.push(await checkFile(map, file));
    return { labelMap: { entries, problems: [] }, files: reports };
  } catch (error) {
    const problems =
      error instanceof PipelineError && error.code === 'MalformedLabelMap' && error.details.problems;
    if (!problems) throw error;
    return { labelMap: { entries: [], problems: problems as string[] }, files: [] };
  }
}

async function checkFile(map: LabelMap, file: string): Promise<FileReport> {
  const { openRegionFile } = await import('../mask/open-region-file.ts');
  const { matchRegions } = await import('../../imaging/mask/match-regions.ts');
  try {
    const { set, close } = await openRegionFile([file]);
    close();
    return { file, status: 'read', format: set.format, ...matchRegions(map, set.regions) };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return { file, status: 'rejected', reason: error.code, message: error.message };
  }
}

function describe({ labelMap, files }: LabelReport): string {
  if (labelMap.problems.length > 0) return labelMap.problems.map((problem) => `bad: ${problem}`).join('\n');
  return (
    files.map((file) => `${file.file}\n${describeFile(file)}`).join('\n\n') || 'the label map is well-formed'
  );
}

function describeFile(report: FileReport): string {
  if (report.status === 'rejected') return `rejected ${report.reason}: ${report.message}`;
  const rows = [
    ...report.matched.map(({ name, entry, value, via }) => [name, entry, value, via]),
    ...report.unmapped.map((name) => [name, null, null, 'unmapped']),
    ...report.ignored.map((name) => [name, null, null, 'ignored']),
    ...report.empty.map((name) => [name, null, null, 'not drawn']),
    ...report.missing.map(({ name, value }) => [null, name, value, 'missing']),
  ];
  return formatTable(['region', 'entry', 'value', 'how'], rows);
}
