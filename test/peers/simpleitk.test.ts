import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createGeometry,
  type VolumeGeometry,
  voxelCount,
} from '../../src/imaging/geometry/volume-geometry.ts';
import { encodeNifti } from '../../src/imaging/nifti/encode-nifti.ts';
import { resampleImage } from '../../src/imaging/resample/resample-image.ts';
import { resampleMask } from '../../src/imaging/resample/resample-mask.ts';
import { renderVolume } from '../../src/imaging/series/image-volume.ts';
import { acquisitionNamed } from '../truth/acquisition.ts';
import { planOf } from '../truth/draw.ts';
import { largestIntensityError } from '../truth/sample.ts';
import { writeClassic } from '../truth/write-images.ts';
import { type PeerPrograms, peerPrograms } from './peer-programs.ts';
import {
  atOurVoxels,
  inScratchFolder,
  largestDifference,
  type PeerVolume,
  readVolume,
  runScript,
  writeFiles,
} from './run-peer.ts';

let programs: PeerPrograms;
beforeAll(async () => {
  programs = await peerPrograms();
});

function readSeries(files: readonly Uint8Array[]): Promise<PeerVolume> {
  return inScratchFolder(async (folder) => {
    const [images, out] = [join(folder, 'in'), join(folder, 'out.nii')];
    await mkdir(images);
    await writeFiles(images, files);
    await runScript(programs.python, 'read_series.py', [images, out]);
    return readVolume(out);
  });
}

describe('SimpleITK reading', () => {
  it.each(['axial', 'anisotropic', 'oblique', 'coronal'])('%s: the same grid and voxels', async (name) => {
    const files = writeClassic(acquisitionNamed(name));
    const ours = renderVolume(planOf(files));
    const theirs = await readSeries(files);
    expect(largestDifference(ours.values, atOurVoxels(ours.geometry, theirs))).toBe(0);
  });

  it.each(['tilted', 'gapped', 'uneven'])(
    '%s: it stacks the slices as if nothing were wrong',
    async (name) => {
      const acquisition = acquisitionNamed(name);
      const theirs = await readSeries(writeClassic(acquisition));
      expect(largestIntensityError(acquisition, theirs)).toBeGreaterThan(10);
    },
  );
});

const SOURCE = createGeometry({
  sizeIjk: [40, 36, 20],
  spacingMm: [1, 1.25, 2.5],
  originLps: [-20, 13, 7],
  directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});

interface Grid {
  readonly geometry: VolumeGeometry;
  readonly values: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
}

/** SimpleITK's resampling of a volume onto a grid. */
function resampleThere(source: Grid, target: VolumeGeometry, kind: string): Promise<PeerVolume> {
  return inScratchFolder(async (folder) => {
    const [from, grid, out] = ['from.nii', 'grid.nii', 'out.nii'].map((name) => join(folder, name)) as [
      ...[string, string, string],
    ];
    const empty = new Uint8Array(voxelCount(target));
    await writeFile(from, encodeNifti(source));
    await writeFile(grid, encodeNifti({ geometry: target, values: empty }));
    await runScript(programs.python, 'resample.py', [from, grid, kind, out]);
    return readVolume(out);
  });
}

/** Values without pattern, the same every time. */
function noise(count: number): Float32Array<ArrayBuffer> {
  let state = 12345;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state / 2147483648) * 1000;
  });
}

/** Largest difference away from the rim, whose values the two extend differently. */
function innerDifference(
  grid: VolumeGeometry,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  rim: number,
): number {
  const [columns, rows, slices] = grid.sizeIjk;
  let worst = 0;
  for (let k = rim; k < slices - rim; k++)
    for (let j = rim; j < rows - rim; j++)
      for (let i = rim; i < columns - rim; i++) {
        const at = i + columns * (j + rows * k);
        worst = Math.max(worst, Math.abs((a[at] as number) - (b[at] as number)));
      }
  return worst;
}

describe('SimpleITK resampling', () => {
  it.each([
    ['linear', 1, 1e-3],
    ['bspline', 5, 0.05],
  ] as const)('%s: the same values away from the rim', async (interpolation, rim, tolerance) => {
    const source = { geometry: SOURCE, values: noise(voxelCount(SOURCE)) };
    const ours = resampleImage({ ...source, unit: 'US' }, [1.5, 1.5, 1.5], { interpolation });
    const theirs = await resampleThere(source, ours.geometry, interpolation);
    const placed = atOurVoxels(ours.geometry, theirs);
    expect(innerDifference(ours.geometry, ours.values, placed, rim)).toBeLessThan(tolerance);
  });

  it('labels on smaller voxels: linear per label, and the largest share', async () => {
    const labels = Uint8Array.from(noise(voxelCount(SOURCE)), (value) => Math.floor(value / 251));
    const source = { geometry: SOURCE, values: labels };
    // Spacings at which no two labels fill a voxel equally: ties are ours to decide, theirs fall by rounding.
    const ours = resampleMask({ geometry: SOURCE, labels, valueOrder: [1, 2, 3] }, [0.83, 0.97, 1.43]);
    const theirs = await resampleThere(source, ours.geometry, 'labels');
    const placed = atOurVoxels(ours.geometry, theirs);
    const differing = Array.from(ours.labels).filter((value, at) => value !== placed[at]).length;
    expect(differing / ours.labels.length).toBeLessThan(1e-3);
  });
});
