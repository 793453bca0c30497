import type { PeerPrograms } from '../../peers/peer-programs.ts';
import { type Summary, summarise } from '../statistics.ts';
import type { MeasuredRun } from './measured-run.ts';

/** A run and the bytes of what it wrote. */
export interface RowRun extends MeasuredRun {
  readonly outputBytes: number;
}

/** One line of the bench: a piece of work, done by us and by a peer. */
export interface BenchRow {
  readonly work: string;
  readonly peer: string;
  /** `ratio`: our wall time over the peer's; `excess`: ours minus the peer's, s. */
  readonly bar: { readonly kind: 'ratio' | 'excess'; readonly limit: number };
  /** Our output may have at most this share of the peer's bytes. */
  readonly sizeLimit?: number;
  /** Bytes of what is read, decoded. */
  readonly decodedBytes: number;
  ours(): Promise<RowRun>;
  theirs(): Promise<RowRun>;
}

/** What the rows of every command are made with. */
export interface BenchContext {
  readonly peers: PeerPrograms;
  /** Empty folder for inputs and outputs; goes away afterwards. */
  readonly scratch: string;
  /** 200-slice CT, uncompressed, one file per slice. */
  readonly ctFolder: string;
}

export interface MeasuredRow {
  readonly row: BenchRow;
  readonly ours: readonly RowRun[];
  readonly theirs: readonly RowRun[];
}

/** Once each to warm the file cache, then in pairs, so that what else the machine does falls on both alike. */
export async function measureRow(row: BenchRow, pairs: number): Promise<MeasuredRow> {
  await row.ours();
  await row.theirs();
  const ours: RowRun[] = [];
  const theirs: RowRun[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    ours.push(await row.ours());
    theirs.push(await row.theirs());
  }
  return { row, ours, theirs };
}

/** Ratio or difference of the wall times, pair by pair. */
export function compareWall({ row, ours, theirs }: MeasuredRow): Summary {
  const pairs = ours.map(({ wallSeconds }, at) => {
    const peer = theirs[at]?.wallSeconds ?? Number.NaN;
    return row.bar.kind === 'ratio' ? wallSeconds / peer : wallSeconds - peer;
  });
  return summarise(pairs);
}

/** 3 x (decoded input + output) + 150 MB. */
export function memoryLimit({ row, ours }: MeasuredRow): number {
  const output = Math.max(...ours.map(({ outputBytes }) => outputBytes));
  return 3 * (row.decodedBytes + output) + 150e6;
}

/** Bars that hold or not whatever the machine is doing; an empty list when all hold. */
export function missedBars(measured: MeasuredRow): string[] {
  const { row, ours, theirs } = measured;
  const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes));
  const size = (ours[0]?.outputBytes ?? 0) / (theirs[0]?.outputBytes ?? Number.NaN);
  return [
    ...(peak > memoryLimit(measured) ? ['MEMORY'] : []),
    ...(row.sizeLimit !== undefined && size > row.sizeLimit ? ['SIZE'] : []),
  ];
}
