import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { unzipSync } from 'fflate';
import { PipelineError } from '../../src/contracts/errors.ts';
import { decodeNifti } from '../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../src/imaging/nifti/gzip.ts';
import { childEnvironment } from '../machine/environment.ts';
import { type DataFolder, trainerVenv, venvProgram } from '../machine/layout.ts';
import { runCommand } from '../machine/run-command.ts';

const MAX_VOLUME_BYTES = 512 * 1024 * 1024;

/**
 * Runs an exported bundle with plain MONAI, none of our code on its path, on one image.
 *
 * @param image - NIfTI bytes, gzipped, at any spacing.
 * @returns the label map MONAI wrote, on the image's own grid; values as in the label map file.
 */
export async function runBundle(
  folder: DataFolder,
  bundleZip: Uint8Array,
  image: Uint8Array,
): Promise<ArrayLike<number>> {
  const root = join(folder.root, 'bundle');
  rmSync(root, { recursive: true, force: true });
  unzipInto(root, bundleZip);
  mkdirSync(join(root, 'input'), { recursive: true });
  writeFileSync(join(root, 'input', 'case.nii.gz'), image);
  await runCommand({
    program: venvProgram(trainerVenv, 'python'),
    args: ['-m', 'monai.bundle', 'run', '--config_file', 'configs/inference.json', '--bundle_root', '.'],
    cwd: root,
    env: childEnvironment(),
    logFile: join(folder.logs, 'monai-bundle-run.log'),
    timeoutMs: 180_000,
    what: 'running the bundle with plain MONAI',
  });
  const output = readdirSync(join(root, 'output'), { recursive: true, encoding: 'utf8' });
  const file = output.find((name) => /\.nii(\.gz)?$/.test(name));
  if (file === undefined)
    throw new PipelineError('ExportFailed', 'plain MONAI ran the bundle but wrote no label map');
  return readVolume(readFileSync(join(root, 'output', file)));
}

export function readVolume(bytes: Uint8Array): ArrayLike<number> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return decodeNifti(isGzip ? gunzipBounded(bytes, MAX_VOLUME_BYTES) : bytes).values;
}

/** Dice of one mask value in two label maps on the same grid; null when neither has it. */
export function diceOf(a: ArrayLike<number>, b: ArrayLike<number>, value: number): number | null {
  let both = 0;
  let either = 0;
  for (let at = 0; at < a.length; at += 1) {
    const inA = a[at] === value ? 1 : 0;
    const inB = b[at] === value ? 1 : 0;
    both += inA & inB;
    either += inA + inB;
  }
  return either === 0 ? null : (2 * both) / either;
}

function unzipInto(root: string, zip: Uint8Array): void {
  for (const [name, bytes] of Object.entries(unzipSync(zip))) {
    const path = resolve(root, name);
    if (!path.startsWith(root + sep) || name.endsWith('/')) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
