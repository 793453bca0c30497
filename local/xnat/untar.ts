import { gunzipSync } from 'node:zlib';

const BLOCK = 512;
const LIMIT_BYTES = 2 ** 31;

/** The regular files of a gzipped ustar archive. */
export function untarGz(bytes: Uint8Array): [name: string, content: Uint8Array][] {
  const tar = gunzipSync(bytes, { maxOutputLength: LIMIT_BYTES });
  const files: [string, Uint8Array][] = [];
  let at = 0;
  while (at + BLOCK <= tar.length && tar[at] !== 0) {
    const text = (from: number, length: number): string =>
      tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12).trim() || '0', 8);
    const prefix = text(345, 155);
    const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
    const kind = text(156, 1);
    if (kind === '0' || kind === '') files.push([name, tar.subarray(at + BLOCK, at + BLOCK + size)]);
    at += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  return files;
}
