import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { PipelineError } from '../../contracts/errors.ts';

/** Level 4 gives within 5 % of level 6's size at a fraction of its time on CT volumes. */
const DEFAULT_GZIP_LEVEL = 4;

/** Byte 9 of the header names the operating system; 255 (unknown) keeps output equal on every machine. */
const OPERATING_SYSTEM_BYTE = 9;
const UNKNOWN_OPERATING_SYSTEM = 255;

/** Compresses into exactly one gzip member without name or time, so equal input gives equal bytes. */
export function gzip(bytes: Uint8Array, level: number = DEFAULT_GZIP_LEVEL): Uint8Array {
  const out = plainBytes(gzipSync(bytes, { level, memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY }));
  out[OPERATING_SYSTEM_BYTE] = UNKNOWN_OPERATING_SYSTEM;
  return out;
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Expands gzip data, refusing to produce more than `maxBytes`.
 *
 * @throws DecompressionBomb when the content is larger, MalformedNifti when the data is damaged or cut off.
 */
export function gunzipBounded(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return plainBytes(gunzipSync(bytes, { maxOutputLength: maxBytes }));
  } catch (cause) {
    if (isBufferTooLarge(cause)) {
      throw new PipelineError(
        'DecompressionBomb',
        `the compressed file expands to more than ${maxBytes} bytes; use a smaller volume`,
        { maxBytes },
        { cause },
      );
    }
    throw new PipelineError(
      'MalformedNifti',
      'the gzip data is damaged or cut off; write the file again',
      { byteLength: bytes.length },
      { cause },
    );
  }
}

/** The bytes without Buffer's own methods, of which slice() shares memory where an array's copies. */
function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isBufferTooLarge(cause: unknown): boolean {
  return (
    typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
  );
}
