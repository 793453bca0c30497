import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSink } from './byte-sink.ts';

/** A file that appears under its name when it is complete; until then it has another name in the same folder. */
export async function openFileSink(path: string): Promise<ByteSink> {
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.partial`);
  const file = await open(partial, 'wx');
  return {
    write: (bytes) => writeAll(file, bytes),
    async finish() {
      await file.close();
      try {
        await rename(partial, path);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
    async abort() {
      await file.close();
      await rm(partial, { force: true });
    },
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}
