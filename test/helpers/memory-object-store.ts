import { createHash } from 'node:crypto';
import { PipelineError } from '../../src/contracts/errors.ts';
import { objectKeys } from '../../src/contracts/object-keys.ts';
import type { ObjectStore } from '../../src/ports/index.ts';

export interface MemoryObjectStore extends ObjectStore {
  /** Bytes by key, for arranging and asserting. */
  readonly contents: Map<string, Uint8Array>;
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The data bucket in memory. */
export function createMemoryObjectStore(now = () => '2026-01-01T00:00:00.000Z'): MemoryObjectStore {
  const contents = new Map<string, Uint8Array>();
  const writtenAt = new Map<string, string>();
  const bytesOf = (key: string): Uint8Array => {
    const bytes = contents.get(key);
    if (!bytes) throw new PipelineError('NotFound', `there is no object ${key}`, { key });
    return bytes;
  };
  const put = (key: string, bytes: Uint8Array) => {
    contents.set(key, bytes.slice());
    writtenAt.set(key, now());
    return { key, sha256: sha256Hex(bytes), sizeBytes: bytes.byteLength };
  };
  const store: MemoryObjectStore = {
    contents,
    async read(ref) {
      const bytes = bytesOf(ref.key);
      if ('sha256' in ref && sha256Hex(bytes) !== ref.sha256) {
        throw new PipelineError('DigestMismatch', `object ${ref.key} has another digest than expected`);
      }
      return bytes.slice();
    },
    readRange: async (key, from, to) => bytesOf(key).slice(from, to),
    async readInto(ref, target) {
      target.set(await store.read(ref));
    },
    write: async (key, bytes) => put(key, bytes),
    async writeOnce(key, bytes) {
      const present = contents.get(key);
      if (present && sha256Hex(present) !== sha256Hex(bytes)) {
        throw new PipelineError('Conflict', `object ${key} exists with other content`);
      }
      return put(key, bytes);
    },
    writeBlob: (project, bytes) => store.writeOnce(objectKeys.blob(project, sha256Hex(bytes)), bytes),
    async openBlob(project) {
      const parts: Uint8Array[] = [];
      return {
        write: async (bytes) => void parts.push(bytes.slice()),
        finish: () => store.writeBlob(project, Buffer.concat(parts)),
        abort: async () => undefined,
      };
    },
    async copy(from, to) {
      contents.set(to, bytesOf(from));
    },
    async stat(key) {
      const bytes = contents.get(key);
      return bytes ? { sizeBytes: bytes.byteLength } : null;
    },
    list: async (prefix, limit = 1000) =>
      [...contents]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, bytes]) => ({
          key,
          sizeBytes: bytes.byteLength,
          modifiedAt: writtenAt.get(key) ?? now(),
        })),
    presignGet: async (key, seconds) => `https://bucket.test/${key}?method=GET&expires=${seconds}`,
    presignPut: async (key, seconds) => `https://bucket.test/${key}?method=PUT&expires=${seconds}`,
  };
  return store;
}
