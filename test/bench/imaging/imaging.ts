import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerPrograms } from '../../peers/peer-programs.ts';
import { printRow, printTable } from '../print-table.ts';
import { REPETITIONS, show, summarise } from '../statistics.ts';
import {
  type BenchContext,
  type BenchRow,
  compareWall,
  type MeasuredRow,
  measureRow,
  memoryLimit,
  missedBars,
} from './bench-row.ts';
import { convertRows } from './convert.ts';
import { writeCtSeries } from './ct-series.ts';
import { maskRows } from './mask.ts';
import { resampleRows } from './resample.ts';
import { segmentationRows } from './segmentation.ts';

/** Each command's rows; one file of this folder each. */
const GROUPS: Readonly<Record<string, (context: BenchContext) => Promise<readonly BenchRow[]>>> = {
  convert: convertRows,
  mask: maskRows,
  resample: resampleRows,
  segmentation: segmentationRows,
};

/** Fewer cores than this at hand, and wall times say nothing about threads: they are told and not judged. */
const CORES_TO_JUDGE = 1.8;

export interface ImagingBenchOptions {
  /** Pairs of runs per row; at least nine for a figure that counts. */
  readonly pairs?: number;
  /** Only these groups. */
  readonly groups?: readonly string[];
  /** Cores that the machine gives at this moment. */
  readonly cores: number;
}

/** The imaging commands, each beside its peer on the same input. */
export async function benchImaging({
  pairs = REPETITIONS,
  groups = Object.keys(GROUPS),
  cores,
}: ImagingBenchOptions): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'contourflow-bench-'));
  try {
    const context = { scratch, peers: await peerPrograms(), ctFolder: join(scratch, 'ct') };
    await mkdir(context.ctFolder);
    await writeCtSeries(context.ctFolder);
    const judged = cores >= CORES_TO_JUDGE;
    process.stdout.write(
      `\nImaging, ${pairs} pairs per row${judged ? '' : `; wall bars are not judged with ${cores.toFixed(2)} cores`}\n\n`,
    );
    printTable(HEADER, []);
    for (const group of groups) {
      // A row is printed as soon as it is measured: the whole takes long.
      for (const row of (await GROUPS[group]?.(context)) ?? [])
        printRow(tableRow(await measureRow(row, pairs), judged));
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}

const HEADER = ['work', 'peer', 'wall s', 'peer wall s', 'wall', 'bar', 'MB', 'CPU s', 'peak MB', ''];

function tableRow(measured: MeasuredRow, judged: boolean): string[] {
  const { row, ours, theirs } = measured;
  const wall = compareWall(measured);
  const both = (of: (run: (typeof ours)[number]) => number, digits: number): string =>
    [ours, theirs].map((runs) => summarise(runs.map(of)).median.toFixed(digits)).join(' / ');
  const { kind, limit } = row.bar;
  const slow = judged && !(wall.median <= limit) ? ['SLOW'] : [];
  const missed = [...slow, ...missedBars(measured)];
  return [
    row.work,
    row.peer,
    summarise(ours.map(({ wallSeconds }) => wallSeconds)).median.toFixed(2),
    summarise(theirs.map(({ wallSeconds }) => wallSeconds)).median.toFixed(2),
    show(wall, 2),
    kind === 'ratio' ? `<= ${limit}` : `<= peer + ${limit} s`,
    both(({ outputBytes }) => outputBytes / 1e6, 1),
    both(({ cpuSeconds }) => cpuSeconds, 2),
    `${both(({ peakBytes }) => peakBytes / 1e6, 0)} (<= ${(memoryLimit(measured) / 1e6).toFixed(0)})`,
    missed.length > 0 ? missed.join(' ') : judged ? 'ok' : 'ok, wall not judged',
  ];
}
