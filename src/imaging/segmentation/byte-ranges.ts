/**
 * Random access to the bytes of a file that may be far larger than memory: an open file, or bytes already there.
 *
 * A reader takes what it needs, block by block, mostly in ascending order.
 */
export interface ByteRanges {
  /** Bytes in the file. */
  readonly size: number;
  /**
   * Bytes `offset` to `offset + length`, which must lie within the file. They may be overwritten by the next `read`, so
   * they are used or copied before.
   */
  readonly read: (offset: number, length: number) => Uint8Array;
}

/** Bytes that are in memory; nothing is copied. */
export function memoryRanges(bytes: Uint8Array): ByteRanges {
  // A Node Buffer's slice() shares memory where an array's copies, so it is not let past this line.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: plain.length, read: (offset, length) => plain.subarray(offset, offset + length) };
}
