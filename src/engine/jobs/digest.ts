import { createHash } from 'node:crypto';
import type { OpenJob } from '../worker-protocol.ts';

/** SHA-256 of each of the files in lower-case hexadecimal. */
export const openDigest: OpenJob<null, readonly Uint8Array[], readonly string[]> = async () => (files) => ({
  value: files.map((bytes) => createHash('sha256').update(bytes).digest('hex')),
});
