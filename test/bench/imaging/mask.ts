import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT } from '../../../local/machine/layout.ts';
import { rtStruct, TEST_SERIES_UID } from '../../helpers/dicom-writer.ts';
import type { BenchContext, BenchRow, RowRun } from './bench-row.ts';
import { COLUMNS, ROWS, SLICES } from './ct-series.ts';
import { measureRun } from './measured-run.ts';

const CLI = join(CHECKOUT, 'bin/contourflow');
const STRUCTURES = 10;
/** A contour drawn by a person or a network has about as many points. */
const POINTS = 360;
const PIXEL_MM = 0.78125;
const ORIGIN_MM = [-200, -190, -120] as const;
const SLICE_GAP_MM = 1.25;
const BYTES_PER_PIXEL = 2;

/** Ten structures on every slice to one file, beside plastimatch, which writes a bit mask; DICOM reading included. */
export async function maskRows({ peers, scratch, ctFolder }: BenchContext): Promise<BenchRow[]> {
  const file = join(scratch, 'structures.dcm');
  await writeFile(file, structures());
  const into = async (name: string, command: (out: string) => readonly string[]): Promise<RowRun> => {
    const folder = await mkdtemp(join(scratch, 'out-'));
    try {
      const out = join(folder, name);
      const run = await measureRun(peers.python, command(out));
      return { ...run, outputBytes: (await stat(out)).size };
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  return [
    {
      work: `RTSTRUCT, ${STRUCTURES} structures x ${SLICES} slices to one label map`,
      peer: 'plastimatch, bit mask .nii',
      bar: { kind: 'ratio', limit: 0.4 },
      decodedBytes: COLUMNS * ROWS * SLICES * BYTES_PER_PIXEL,
      ours: () => into('labels.nii.gz', (out) => [CLI, 'mask', ctFolder, '--roi', file, '--out', out]),
      theirs: () =>
        into('labels.nii', (out) => [
          ...[peers.plastimatch, 'convert', '--input', file, '--referenced-ct', ctFolder],
          ...['--output-ss-img', out],
        ]),
    },
  ];
}

/** Discs of the size of organs, waving along the slices; neighbours touch. */
function structures(): Uint8Array {
  const rois = Array.from({ length: STRUCTURES }, (_, index) => ({
    number: index + 1,
    name: `Structure ${index + 1}`,
    contours: Array.from({ length: SLICES }, (_, k) => ({
      sopInstanceUid: `${TEST_SERIES_UID}.${k + 1}`,
      points: disc(index, k),
    })),
  }));
  return rtStruct({ rois });
}

function disc(index: number, k: number): number[] {
  const radius = 28 + 3 * index + 4 * Math.sin(k / 15);
  const centre = [95 + 80 * (index % 5), index < 5 ? 170 : 340] as const;
  return Array.from({ length: POINTS }, (_, n) => (2 * Math.PI * n) / POINTS).flatMap((angle) => [
    rounded(ORIGIN_MM[0] + PIXEL_MM * (centre[0] + radius * Math.cos(angle))),
    rounded(ORIGIN_MM[1] + PIXEL_MM * (centre[1] + radius * Math.sin(angle))),
    rounded(ORIGIN_MM[2] + SLICE_GAP_MM * k),
  ]);
}

/** To a tenth of a micrometre, as planning systems write. */
function rounded(mm: number): number {
  return Math.round(mm * 1e4) / 1e4;
}
