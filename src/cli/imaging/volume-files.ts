import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../exit-codes.ts';

/** @throws UsageError when there is no file at the path */
export async function requireFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return path;
  throw new UsageError(`there is no file ${path}; give a .nii or .nii.gz file`);
}

/**
 * Whether a volume to be written is compressed.
 *
 * @throws UsageError when the name ends otherwise, or its folder is not there
 */
export async function outputFormat(path: string): Promise<'.nii' | '.nii.gz'> {
  const format = (['.nii.gz', '.nii'] as const).find((ending) => path.toLowerCase().endsWith(ending));
  if (format === undefined) throw new UsageError(`--out ${path} ends neither with .nii.gz nor with .nii`);
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory()) return format;
  throw new UsageError(`there is no folder ${dirname(path)} to write ${path} into; make it first`);
}
