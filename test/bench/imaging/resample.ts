import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CHECKOUT } from '../../../local/machine/layout.ts';
import { createGeometry } from '../../../src/imaging/geometry/volume-geometry.ts';
import { encodeNifti } from '../../../src/imaging/nifti/encode-nifti.ts';
import type { NiftiValues } from '../../../src/imaging/nifti/nifti-header.ts';
import type { BenchContext, BenchRow, RowRun } from './bench-row.ts';
import { COLUMNS, ctSlices, ROWS, SLICES } from './ct-series.ts';
import { measureRun } from './measured-run.ts';

const CLI = join(CHECKOUT, 'bin/contourflow');
const VOXELS = COLUMNS * ROWS * SLICES;
const SPACING_MM = [0.78125, 0.78125, 1.25] as const;
const TARGET_MM = 1.5;
const STRUCTURES = 10;

/**
 * SimpleITK with all its threads, on the same target grid. The mask: each label's indicator linearly, the label with the
 * largest share where the shares add up to one half.
 */
const PEER = `
import sys
import numpy as np
import SimpleITK as sitk
kind, source, target, spacing = sys.argv[1], sys.argv[2], sys.argv[3], (float(sys.argv[4]),) * 3
image = sitk.ReadImage(source)
size = [round(n * old / new) for n, old, new in zip(image.GetSize(), image.GetSpacing(), spacing)]
first = [(new / old - 1) / 2 for old, new in zip(image.GetSpacing(), spacing)]
origin = image.TransformContinuousIndexToPhysicalPoint(first)
def resample(volume, kind):
    grid = (origin, spacing, image.GetDirection())
    return sitk.Resample(volume, size, sitk.Transform(), sitk.sitkLinear, *grid, 0.0, kind)
if kind == "image":
    result = resample(image, image.GetPixelID())
else:
    labels = [int(value) for value in np.unique(sitk.GetArrayViewFromImage(image)) if value]
    best, total, winner = (np.zeros(size[::-1], kind) for kind in (np.float32, np.float32, np.uint8))
    for label in labels:
        share = sitk.GetArrayFromImage(resample(sitk.Cast(image == label, sitk.sitkFloat32), sitk.sitkFloat32))
        larger = share > best
        best[larger] = share[larger]
        winner[larger] = label
        total += share
    winner[total < 0.5] = 0
    result = sitk.GetImageFromArray(winner)
    result.SetSpacing(spacing)
    result.SetOrigin(origin)
    result.SetDirection(image.GetDirection())
sitk.WriteImage(result, target)
`;

/** File to file to 1.5 mm, beside SimpleITK. */
export async function resampleRows(context: BenchContext): Promise<BenchRow[]> {
  const geometry = createGeometry({
    sizeIjk: [COLUMNS, ROWS, SLICES],
    spacingMm: SPACING_MM,
    originLps: [-200, -190, -120],
    directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
  const write = async (name: string, values: NiftiValues): Promise<string> => {
    const path = join(context.scratch, name);
    await writeFile(path, gzipSync(encodeNifti({ geometry, values }), { level: 4 }));
    return path;
  };
  const image = await write('resample-image.nii.gz', ctVolume());
  const mask = await write('resample-mask.nii.gz', labelVolume());
  const row = (kind: 'image' | 'mask', source: string, bytes: number, limit: number): BenchRow => ({
    work: `resample ${kind} to ${TARGET_MM} mm`,
    peer: kind === 'image' ? 'SimpleITK sitkLinear' : 'SimpleITK, per label linear and argmax',
    bar: { kind: 'ratio', limit },
    decodedBytes: bytes,
    ours: () =>
      runInto(context, (out) => {
        const spacing = [TARGET_MM, TARGET_MM, TARGET_MM].join(',');
        return [CLI, 'resample', source, '--spacing', spacing, '--kind', kind, '--out', out];
      }),
    theirs: () =>
      runInto(context, (out) => [context.peers.python, '-c', PEER, kind, source, out, String(TARGET_MM)]),
  });
  return [row('image', image, 2 * VOXELS, 1), row('mask', mask, VOXELS, 0.5)];
}

/** The phantom of the conversion bench in HU. */
function ctVolume(): Int16Array {
  const values = new Int16Array(VOXELS);
  let at = 0;
  for (const slice of ctSlices()) for (const stored of slice) values[at++] = stored - 1024;
  return values;
}

/** Ten ellipsoids side by side, from the size of a kidney to that of a liver. */
function labelVolume(): Uint8Array {
  const labels = new Uint8Array(VOXELS);
  for (let label = 1; label <= STRUCTURES; label += 1) {
    const centre = [90 + 36 * label, label % 2 === 0 ? 200 : 310, 20 + 16 * label] as const;
    const radius = [30 + 4 * label, 35 + 3 * label, 15 + 2 * label] as const;
    for (let k = Math.max(0, centre[2] - radius[2]); k < Math.min(SLICES, centre[2] + radius[2]); k += 1) {
      for (let j = centre[1] - radius[1]; j < centre[1] + radius[1]; j += 1) {
        const free = 1 - ((k - centre[2]) / radius[2]) ** 2 - ((j - centre[1]) / radius[1]) ** 2;
        if (free <= 0) continue;
        const half = radius[0] * Math.sqrt(free);
        const row = (k * ROWS + j) * COLUMNS;
        labels.fill(label, row + Math.ceil(centre[0] - half), row + Math.floor(centre[0] + half) + 1);
      }
    }
  }
  return labels;
}

async function runInto(
  { peers, scratch }: BenchContext,
  command: (out: string) => readonly string[],
): Promise<RowRun> {
  const folder = await mkdtemp(join(scratch, 'out-'));
  try {
    const out = join(folder, 'out.nii.gz');
    const run = await measureRun(peers.python, command(out));
    return { ...run, outputBytes: (await stat(out)).size };
  } finally {
    await rm(folder, { recursive: true });
  }
}
