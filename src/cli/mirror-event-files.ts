import { appendFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PipelineError } from '../contracts/errors.ts';
import type { ApiClient } from './api-client.ts';

/**
 * Brings a run's TensorBoard event files into a folder. Event files only grow, so only what is new is
 * fetched and appended, and a TensorBoard that reads them goes on reading; one that shrank is fetched anew.
 *
 * @returns how many files gained bytes.
 */
export async function mirrorEventFiles(
  api: ApiClient,
  project: string,
  runId: string,
  folder: string,
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const { files } = await api.call('listEventFiles', { project, runId });
  const grown = await Promise.all(
    files.map(({ name, sizeBytes, url }) => mirrorFile(join(folder, basename(name)), sizeBytes, url)),
  );
  return grown.filter(Boolean).length;
}

async function mirrorFile(path: string, sizeBytes: number, url: string): Promise<boolean> {
  const have = (await stat(path).catch(() => null))?.size ?? 0;
  if (have === sizeBytes) return false;
  if (have > sizeBytes) await rm(path, { force: true });
  const from = have > sizeBytes ? 0 : have;
  const response = await fetch(url, { headers: from > 0 ? { range: `bytes=${from}-` } : {} });
  if (!response.ok) {
    throw new PipelineError('UpstreamError', `an event file was refused with ${response.status}; try again`, {
      status: response.status,
    });
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A server that ignores the range sends the file from its start.
  if (response.status === 206) await appendFile(path, bytes);
  else await writeFile(path, bytes);
  return true;
}
