import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT } from '../../../local/machine/layout.ts';
import type { BenchContext, BenchRow, RowRun } from './bench-row.ts';
import { type Codec, writeCompressedSeries } from './compressed-series.ts';
import { COLUMNS, ROWS, SLICES } from './ct-series.ts';
import { measureRun } from './measured-run.ts';

const CLI = join(CHECKOUT, 'bin/contourflow');
const DECODED_BYTES = COLUMNS * ROWS * SLICES * 2;

/** DICOM to NIfTI, beside dcm2niix with its own compressor (never pigz). */
export async function convertRows(context: BenchContext): Promise<BenchRow[]> {
  const row = (
    work: string,
    peerArgs: readonly string[],
    ourArgs: readonly string[],
    bars: Pick<BenchRow, 'bar' | 'sizeLimit'>,
    folder: string = context.ctFolder,
  ): BenchRow => ({
    work,
    peer: `dcm2niix ${peerArgs.join(' ')}`,
    decodedBytes: DECODED_BYTES,
    ...bars,
    ours: () => runInto(context, (out) => [CLI, 'convert', folder, '--out', out, ...ourArgs]),
    theirs: () =>
      runInto(context, (out) => [
        context.peers.dcm2niix,
        ...peerArgs,
        '-b',
        'n',
        '-f',
        'ct',
        '-o',
        out,
        folder,
      ]),
  });
  const ratio = (limit: number) => ({ kind: 'ratio', limit }) as const;
  const plain = ['-z', 'n'];
  return [
    row('CT to .nii.gz, level 4 (default)', ['-z', 'i', '-6'], [], { bar: ratio(0.6), sizeLimit: 1.05 }),
    row('CT to .nii.gz, level nearest the size', ['-z', 'i', '-3'], ['--level', '4'], { bar: ratio(0.9) }),
    row('CT to .nii', plain, ['--no-gzip'], { bar: { kind: 'excess', limit: 0.3 } }),
    row(
      'JPEG 2000 series to .nii',
      plain,
      ['--no-gzip'],
      { bar: ratio(0.6) },
      await compressedFolder(context, 'jpeg-2000'),
    ),
    row(
      'JPEG-LS series to .nii',
      plain,
      ['--no-gzip'],
      { bar: ratio(1) },
      await compressedFolder(context, 'jpeg-ls'),
    ),
  ];
}

async function compressedFolder({ scratch }: BenchContext, codec: Codec): Promise<string> {
  const folder = join(scratch, codec);
  await mkdir(folder);
  await writeCompressedSeries(folder, codec);
  return folder;
}

/** Runs a program that writes into a new folder, which goes away again. */
async function runInto(
  { peers, scratch }: BenchContext,
  command: (out: string) => readonly string[],
): Promise<RowRun> {
  const out = await mkdtemp(join(scratch, 'out-'));
  try {
    const run = await measureRun(peers.python, command(out));
    return { ...run, outputBytes: await volumeBytes(out) };
  } finally {
    await rm(out, { recursive: true });
  }
}

async function volumeBytes(folder: string): Promise<number> {
  const volumes = (await readdir(folder)).filter((name) => /\.nii(\.gz)?$/.test(name));
  const [only] = volumes;
  if (only === undefined || volumes.length !== 1)
    throw new Error(`${volumes.length} volumes were written, not one`);
  return (await stat(join(folder, only))).size;
}
