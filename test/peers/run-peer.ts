import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { applyAffine, invertAffine } from '../../src/imaging/geometry/affine.ts';
import { subtract, type Vec3 } from '../../src/imaging/geometry/vector.ts';
import { type VolumeGeometry, voxelCount } from '../../src/imaging/geometry/volume-geometry.ts';
import { decodeNifti } from '../../src/imaging/nifti/decode-nifti.ts';

const run = promisify(execFile);

export interface PeerVolume {
  readonly geometry: VolumeGeometry;
  readonly values: ArrayLike<number>;
}

/** Runs a program to its end; what it prints is kept for messages only. */
export async function runPeer(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Runs one of the Python scripts beside the tests, which prints one JSON value. */
export async function runScript(python: string, script: string, args: readonly string[]): Promise<unknown> {
  const file = join(import.meta.dirname, 'scripts', script);
  return JSON.parse(await runPeer(python, [file, ...args]));
}

/** Calls `body` with a new folder and removes it afterwards. */
export async function inScratchFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'contourflow-peers-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function writeFiles(folder: string, files: readonly Uint8Array[]): Promise<void> {
  await Promise.all(files.map((bytes, index) => writeFile(join(folder, `${index}.dcm`), bytes)));
}

export async function readVolume(file: string): Promise<PeerVolume> {
  const bytes = await readFile(file);
  return decodeNifti(new Uint8Array(file.endsWith('.gz') ? gunzipSync(bytes) : bytes));
}

/** A peer's values at the voxel centres of our grid, nearest voxel; 0 where it has none. */
export function atOurVoxels(grid: VolumeGeometry, { geometry, values }: PeerVolume): Float64Array {
  const toIjk = invertAffine(geometry.affineIjkToLps);
  const place = (ijk: Vec3) => applyAffine(toIjk, applyAffine(grid.affineIjkToLps, ijk));
  const along = subtract(place([1, 0, 0]), place([0, 0, 0]));
  const [columns, rows, slices] = geometry.sizeIjk;
  const out = new Float64Array(voxelCount(grid));
  // Inside a test a global is slow to reach, and this is called for every voxel.
  const { floor } = Math;
  let at = 0;
  for (let k = 0; k < grid.sizeIjk[2]; k++)
    for (let j = 0; j < grid.sizeIjk[1]; j++) {
      const [i0, j0, k0] = place([0, j, k]);
      for (let i = 0; i < grid.sizeIjk[0]; i++, at++) {
        const pi = floor(i0 + i * along[0] + 0.5);
        const pj = floor(j0 + i * along[1] + 0.5);
        const pk = floor(k0 + i * along[2] + 0.5);
        const inside = pi >= 0 && pj >= 0 && pk >= 0 && pi < columns && pj < rows && pk < slices;
        if (inside) out[at] = values[pi + columns * (pj + rows * pk)] as number;
      }
    }
  return out;
}

/** Voxels in which two regions differ; any value but 0 belongs. */
export function differingVoxels(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = 0;
  for (let at = 0; at < a.length; at++) if ((a[at] === 0) !== (b[at] === 0)) count++;
  return count;
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let at = 0; at < a.length; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference > worst || -difference > worst) worst = difference < 0 ? -difference : difference;
  }
  return worst;
}
