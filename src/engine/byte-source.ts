/** A file or object to be read: its size is known before its bytes are. */
export interface ByteSource {
  /** For messages only: a path or an object's key. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Fills `target`, which has `sizeBytes` bytes and may be shared memory.
   *
   * @throws UpstreamError when the file has become shorter, and what the file system or the store says
   */
  readInto(target: Uint8Array): Promise<void>;
}
